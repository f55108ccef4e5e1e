// Signals with one output, as in PyTorch's Linear: a product of matrices, with batch items in the
// rows and output channels in the lanes. It reads the weights once per blocks.productRows items.
#include <algorithm>

#include "core/checked_math.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/tiling.h"
#include "core/product/product.h"
#include "core/run/take_tasks.h"

namespace conv1d {
namespace {

template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>&) noexcept {
  // The inputs of an output lie one after the other.
  return p.groups == 1 && !isDepthwise(p) && p.padLeft + p.padRight == 0 && (p.kernelSize == 1 || p.dilation == 1);
}

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  if (g.length != g.parameters.kernelSize) return kUnsuited;
  // The other ways fill their lanes as well or better, but copy inputs one by one: that costs more than empty lanes.
  return static_cast<double>(ceilDivide(g.parameters.outChannels, request.kernels.lanes)) / request.kernels.lanes *
         productsPerOutput(g.parameters);
}

template <typename T>
Product<T> productOf(const Plan& plan, const ForwardArgs<T>& args) noexcept {
  const Parameters& p = plan.geometry.parameters;
  const int64_t depth = p.inChannels * p.kernelSize;
  Product<T> product{};
  product.a = {args.input, depth, 1};
  product.depth = depth;
  product.panels = args.packedWeights;
  product.columns = p.outChannels;
  product.bias = args.bias;
  product.out = args.out;
  product.outStride = p.outChannels;
  product.cancelled = args.cancelled;
  return product;
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  plan->columns = 1;
  plan->tiles = 1;
  plan->channelsPerBlock = p.inChannels;
  plan->tapsPerBlock = p.kernelSize;
  plan->skipsPadding = false;
  // Tasks are whole strips of items; if these are too few for the threads, panels are split as well.
  const int64_t strip = request.kernels.blocks.maxRows;
  const int64_t wanted = ceilDivide(std::max<int64_t>(g.batch, 1), plan->threads > 1 ? int64_t{2} * plan->threads : 1);
  plan->fold = std::min({roundUp(wanted, strip), request.kernels.blocks.productRows, std::max<int64_t>(g.batch, 1)});
  cutRows(plan);
  const Product<T> product = productOf<T>(*plan, {});
  plan->scratchBytes = static_cast<size_t>(productScratch(request.kernels, product, plan->fold)) * sizeof(T);
}

template <typename T>
void work(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
          TaskRange& tasks) noexcept {
  const Product<T> product = productOf(plan, args);
  const Parts panels = panelsOf(plan.geometry.parameters, plan.layout);
  const int64_t panelParts = ceilDivide(plan.panels, plan.panelsPerTask);
  takeTasks(tasks, args, [&](int64_t task) {
    const int64_t row = task / panelParts * plan.fold;
    const int64_t panel = task % panelParts * plan.panelsPerTask;
    const ProductPart part{row, std::min(row + plan.fold, plan.geometry.batch), panel,
                           std::min(panel + plan.panelsPerTask, plan.panels)};
    multiply(kernels, product, part, reinterpret_cast<T*>(scratch));
    const int64_t channel = panels.begin(part.firstPanel);
    const int64_t channels = panels.begin(part.endPanel - 1) + panels.size(part.endPanel - 1) - channel;
    for (int64_t item = part.firstRow; item < part.endRow; item++) args.finish(item, channel, channels, 0, 1);
  });
}

}  // namespace

template <typename T>
Algorithm<T> itemRows() noexcept {
  return {"rows", "batch items in the rows", true, maySuit<T>, vectorPanels<T>, cost<T>, plan<T>, work<T>};
}

template Algorithm<float> itemRows<float>() noexcept;
template Algorithm<double> itemRows<double>() noexcept;

}  // namespace conv1d
