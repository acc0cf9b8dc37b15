// SPDX-License-Identifier: Apache-2.0
#include "server_state.hpp"

#include <algorithm>

namespace bulla::test {

ServerState::ServerState(ApiServer::Options server_options)
    : options(std::move(server_options)),
      identity(make_tls_identity()),
      cluster({options.now, options.seed, options.collect_garbage}),
      token_(options.token) {}

std::optional<std::string> ServerState::authenticate(std::string_view authorization) const {
  constexpr std::string_view scheme = "Bearer ";
  if (!authorization.starts_with(scheme)) return std::nullopt;
  const std::string token(authorization.substr(scheme.size()));
  if (token == this->token()) return options.user;
  const auto found = options.more_users.find(token);
  if (found == options.more_users.end()) return std::nullopt;
  return found->second;
}

std::string ServerState::token() const {
  const std::scoped_lock lock(mutex_);
  return token_;
}

void ServerState::change_token(std::string token) {
  const std::scoped_lock lock(mutex_);
  token_ = std::move(token);
}

void ServerState::log(const RequestInfo& info) {
  RequestInfo entry = info;
  entry.body.clear();
  {
    const std::scoped_lock lock(mutex_);
    log_.push_back(std::move(entry));
  }
  something_happened();
}

std::vector<LoggedRequest> ServerState::requests() const {
  const std::scoped_lock lock(mutex_);
  std::vector<LoggedRequest> list;
  for (const auto& info : log_) {
    list.push_back({info.method, info.target, info.verb, info.group, info.rbac_resource(), info.ns,
                    info.name, info.user, info.accept, info.content_type});
  }
  return list;
}

std::size_t ServerState::count_requests(const FaultMatch& match) const {
  const std::scoped_lock lock(mutex_);
  const auto count = std::count_if(log_.begin(), log_.end(),
                                   [&](const RequestInfo& info) { return match.matches(info); });
  return static_cast<std::size_t>(count);
}

void ServerState::forget_requests() {
  const std::scoped_lock lock(mutex_);
  log_.clear();
}

void ServerState::watch_began(const std::string& resource) {
  {
    const std::scoped_lock lock(mutex_);
    ++watches_[resource];
  }
  something_happened();
}

void ServerState::watch_ended(const std::string& resource) {
  {
    const std::scoped_lock lock(mutex_);
    --watches_[resource];
  }
  something_happened();
}

std::size_t ServerState::open_watches(std::string_view resource) const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [name, watches] : watches_) {
    if (resource.empty() || resource == name) count += watches;
  }
  return count;
}

void ServerState::set_backend(const std::string& ns_and_name, Backend backend) {
  const std::scoped_lock lock(mutex_);
  backends_[ns_and_name] = std::move(backend);
}

std::optional<Backend> ServerState::backend(const std::string& ns,
                                            const std::string& service) const {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = backends_.find(ns + "/" + service);
    if (found != backends_.end()) return found->second;
  }
  const auto endpoints = cluster.peek("endpoints", ns, service);
  const Json* subsets = endpoints ? find(*endpoints, "subsets") : nullptr;
  if (!subsets || !subsets->is_array() || subsets->get_array().empty()) return std::nullopt;
  const Json& subset = subsets->get_array().front();
  const Json* addresses = find(subset, "addresses");
  const Json* ports = find(subset, "ports");
  if (!addresses || !addresses->is_array() || addresses->get_array().empty()) return std::nullopt;
  if (!ports || !ports->is_array() || ports->get_array().empty()) return std::nullopt;
  const Json* port = find(ports->get_array().front(), "port");
  if (!port || !port->is_int64()) return std::nullopt;
  return Backend{text_at(addresses->get_array().front(), "ip"),
                 static_cast<std::uint16_t>(port->get_int64())};
}

void ServerState::something_happened() {
  {
    const std::scoped_lock lock(mutex_);
    ++happenings_;
  }
  happened_.notify_all();
}

bool ServerState::wait_for(const std::function<bool()>& predicate,
                           std::chrono::milliseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    std::unique_lock lock(mutex_);
    const auto seen = happenings_;
    // Without the lock: the predicate asks this server. What happens meanwhile is counted.
    lock.unlock();
    if (predicate()) return true;
    lock.lock();
    const bool moved = happened_.wait_until(lock, deadline, [&] { return happenings_ != seen; });
    if (!moved) return false;
  }
}

}  // namespace bulla::test
