#include "core/network/shared_network.h"

#include <mutex>
#include <unordered_map>

namespace conv1d {
namespace {

struct List {
  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<const SharedNetwork>> networks;
};

// Never destroyed, since threads may release a network while the process ends.
List& list() {
  static List& all = *new List;
  return all;
}

}  // namespace

std::shared_ptr<const SharedNetwork> SharedNetwork::make(std::string id, std::vector<std::byte> description,
                                                         std::vector<SharedLayer> layers) {
  const auto network = std::make_shared<SharedNetwork>(std::move(id), std::move(description), std::move(layers));
  List& all = list();
  const std::lock_guard lock(all.mutex);
  network->isListed_ = all.networks.try_emplace(network->id_, network).second;
  // A network that is not listed must not remove the entry of the listed one when it goes.
  return network->isListed_ ? network : nullptr;
}

std::shared_ptr<const SharedNetwork> SharedNetwork::find(const std::string& id) {
  List& all = list();
  const std::lock_guard lock(all.mutex);
  const auto found = all.networks.find(id);
  return found == all.networks.end() ? nullptr : found->second.lock();
}

SharedNetwork::~SharedNetwork() {
  if (!isListed_) return;
  List& all = list();
  const std::lock_guard lock(all.mutex);
  all.networks.erase(id_);
}

}  // namespace conv1d
