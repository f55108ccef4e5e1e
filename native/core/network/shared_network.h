// Networks that several JavaScript threads share: their packed layers, by an id under which other threads find them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/convolution.h"
#include "core/recurrent/recurrent.h"
#include "kernels/kernel_table.h"

namespace conv1d {

template <typename T>
struct SharedRecurrent {
  RecurrentShape shape;
  const KernelTable* kernels;
  std::shared_ptr<const PackedRecurrent<T>> weights;
};

// A layer with its snapshot. Nobody writes to it: whoever opens it makes a layer of its own over the same snapshot.
using SharedLayer = std::variant<std::shared_ptr<const Convolution<float>>, std::shared_ptr<const Convolution<double>>,
                                 SharedRecurrent<float>, SharedRecurrent<double>>;

// Lives as long as somebody holds it; the list of all networks does not. Any thread may call all of it.
class SharedNetwork {
 public:
  // Lists a network under an id; null if the id is taken. Throws std::bad_alloc.
  static std::shared_ptr<const SharedNetwork> make(std::string id, std::vector<std::byte> description,
                                                   std::vector<SharedLayer> layers);

  // Null if there is none, or nobody holds it any more.
  static std::shared_ptr<const SharedNetwork> find(const std::string& id);

  SharedNetwork(std::string id, std::vector<std::byte> description, std::vector<SharedLayer> layers) noexcept
      : id_(std::move(id)), description_(std::move(description)), layers_(std::move(layers)) {}
  SharedNetwork(const SharedNetwork&) = delete;
  SharedNetwork& operator=(const SharedNetwork&) = delete;
  ~SharedNetwork();

  // The maker's description of the network, which only the maker can read.
  const std::vector<std::byte>& description() const noexcept { return description_; }
  const std::vector<SharedLayer>& layers() const noexcept { return layers_; }

 private:
  const std::string id_;
  const std::vector<std::byte> description_;
  const std::vector<SharedLayer> layers_;
  bool isListed_ = false;
};

}  // namespace conv1d
