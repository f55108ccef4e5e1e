// Steps between signals and spectra.
#include "binding/errors.h"
#include "binding/network_steps.h"
#include "binding/spectra.h"

namespace conv1d::binding {
namespace {

// A step that computes with the tables of one size: body(kernels, memory, threads, tables).
template <typename T, typename Body>
class SpectraStep final : public Step<T> {
 public:
  SpectraStep(const Kernels<T>& kernels, int64_t size, Body body)
      : kernels_(kernels), tables_(dftTables<T>(size)), body_(body) {}

  Status run(const Memory<T>& memory, int threads, const std::atomic<bool>*) const noexcept override {
    return body_(kernels_, memory, threads, *tables_);
  }

 private:
  const Kernels<T>& kernels_;
  const std::shared_ptr<const DftTables<T>> tables_;
  const Body body_;
};

template <typename Body>
void addSpectraStep(const StepCall& call, const FrameShape& shape, const Body& body) {
  call.addStep([&]<typename T>(conv1d::Program<T>& program) -> std::unique_ptr<const Step<T>> {
    return std::make_unique<SpectraStep<T, Body>>(program.kernels(), shape.size, body);
  });
}

}  // namespace

// (signals, length, frames, size, hop, ends, inner, x, window, spectra)
void addSpectraOfFrames(const StepCall& call) {
  const Napi::Env env = call.env();
  const FrameShape shape = toFrameShape(call.info());
  requireFrames(env, shape);
  const BinFactors factors = toBinFactors(call.info(), 5);
  const Operand x = call.read(7, "x", signalElements(env, shape));
  const Operand window = call.read(8, "window", shape.size);
  const Operand spectra = call.written(9, "spectra", spectrumElements(env, shape));
  requireApart(env, spectra, x, "x");
  requireApart(env, spectra, window, "window");
  addSpectraStep(call, shape,
                 [=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads,
                                 const DftTables<T>& tables) noexcept {
                   return spectraOfFrames<T>(kernels, tables, shape, factors, memory.read(x.place),
                                             memory.read(window.place), memory.write(spectra.place), threads);
                 });
}

// (signals, length, frames, size, hop, ends, inner, first, dividesByWindows, spectra, window, x)
void addOverlapAddFrames(const StepCall& call) {
  const Napi::Env env = call.env();
  const FrameShape shape = toFrameShape(call.info());
  const OverlapAdd how = toOverlapAdd(call.info(), 5, shape);
  const Operand spectra = call.read(9, "spectra", spectrumElements(env, shape));
  const Operand window = call.read(10, "window", shape.size);
  const Operand x = call.written(11, "x", signalElements(env, shape));
  requireApart(env, x, spectra, "spectra");
  requireApart(env, x, window, "window");
  addSpectraStep(call, shape,
                 [=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads,
                                 const DftTables<T>& tables) noexcept {
                   return overlapAddFrames<T>(kernels, tables, shape, how, memory.read(spectra.place),
                                              memory.read(window.place), memory.write(x.place), threads);
                 });
}

}  // namespace conv1d::binding
