// SPDX-License-Identifier: Apache-2.0
#include "controller/leading.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/log.hpp"

namespace bulla {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

/// As client-go's electors call themselves: "hostname_uuid". In a pod the host's name is the pod's.
std::string new_identity(Random& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string identity = host_name() + "_";
  for (const char c : std::string_view("xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx")) {
    const auto any = random.below(16);
    identity += c == 'x' ? digits[any] : c == 'y' ? digits[8 + any % 4] : c;
  }
  return identity;
}

}  // namespace

Leading::Leading(const kube::Client& client, const Options& options, const Clock& clock,
                 Random& random)
    : client_(client) {
  if (!options.leader_elect) return;
  kube::LeaderElectionOptions how;
  how.namespace_ = options.own_namespace;
  how.name = options.lease_name;
  how.identity = new_identity(random);
  how.timings = options.election_timings();
  how.clock = &clock;
  elector_.emplace(client, std::move(how), random);
  leadership_ = elector_->leadership();
  client_ = kube::fenced(client, leadership_);
}

kube::Awaitable<Result<void>> Leading::run(Calls to_call) {
  const auto lead = [this, on_leading = std::move(to_call.on_leading)] {
    leading_ = true;
    on_leading();
  };
  using Outcome = kube::LeaderElector::Outcome;
  auto outcome = Outcome::not_permitted;
  if (elector_) {
    kube::LeaderElector::Calls calls;
    calls.on_leading = [&] {
      log_info("leader election: this replica leads");
      has_lease_ = true;
      lead();
    };
    calls.on_interrupted = std::move(to_call.break_off);
    calls.on_older_lease = std::move(to_call.on_older_lease);
    outcome = co_await elector_->run(std::move(calls));
  }
  if (outcome == Outcome::not_permitted) lead();
  if (outcome != Outcome::lost) co_return Result<void>();
  leading_ = false;
  co_return Error{Errc::unavailable, "another replica has the Lease, or had it meanwhile"};
}

void Leading::stop() noexcept {
  if (elector_) elector_->stop();
}

std::string Leading::leader() const { return elector_ ? elector_->holder() : std::string(); }

bool Leading::is_healthy() const noexcept {
  return !elector_ || elector_->is_healthy(std::chrono::steady_clock::now());
}

}  // namespace bulla
