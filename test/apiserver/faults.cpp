// SPDX-License-Identifier: Apache-2.0
#include "faults.hpp"

#include <algorithm>
#include <utility>

namespace bulla::test {

namespace {

bool fits(const std::string& wanted, const std::string& actual) {
  return wanted.empty() || wanted == actual;
}

ApiError forbidden(const RequestInfo& info) {
  const auto qualified = info.group.empty() ? info.resource : info.resource + "." + info.group;
  auto message = qualified;
  if (!info.name.empty()) message += " \"" + info.name + "\"";
  message += " is forbidden: User \"" + info.user + "\" cannot " + info.verb + " resource \"" +
             info.rbac_resource() + "\" in API group \"" + info.group + "\"";
  message += info.ns.empty() ? " at the cluster scope" : " in the namespace \"" + info.ns + "\"";
  JsonObject details;
  if (!info.name.empty()) details["name"] = info.name;
  if (!info.group.empty()) details["group"] = info.group;
  details["kind"] = info.resource;
  return {403, "Forbidden", std::move(message), std::move(details), {}};
}

std::string usual_message(int code) {
  switch (code) {
    case 409:
      return "Operation cannot be fulfilled: the object has been modified; please apply "
             "your changes to the latest version and try again";
    case 410: return "The resourceVersion for the provided list is too old.";
    case 429: return "Too many requests, please try again later.";
    case 500: return "Internal error occurred: injected fault";
    case 503: return "the server is currently unable to handle the request";
    case 504: return "Timeout: request did not complete within the allotted timeout";
    default: return "injected fault";
  }
}

}  // namespace

bool FaultMatch::matches(const RequestInfo& info) const {
  return !info.verb.empty() && fits(verb, info.verb) && fits(resource, info.rbac_resource()) &&
         fits(ns, info.ns) && fits(name, info.name) && fits(user, info.user);
}

Fault Fault::of(Kind kind, FaultMatch match) {
  Fault fault;
  fault.kind = kind;
  fault.match = std::move(match);
  return fault;
}

Fault Fault::error(int code, FaultMatch match) {
  Fault fault = of(Kind::error, std::move(match));
  fault.code = code;
  return fault;
}

Fault Fault::forbid(FaultMatch match) {
  Fault fault = of(Kind::forbid, std::move(match));
  fault.count = forever;
  return fault;
}

std::uint64_t Faults::inject(Fault fault) {
  const std::scoped_lock lock(mutex_);
  faults_.push_back({++last_id_, std::move(fault)});
  return last_id_;
}

void Faults::clear() {
  const std::scoped_lock lock(mutex_);
  faults_.clear();
}

void Faults::clear(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(faults_, [&](const Strike& strike) { return strike.id == id; });
}

bool Faults::is_in_force(std::uint64_t id) const {
  const std::scoped_lock lock(mutex_);
  return std::any_of(faults_.begin(), faults_.end(),
                     [&](const Strike& strike) { return strike.id == id; });
}

std::size_t Faults::strikes() const {
  const std::scoped_lock lock(mutex_);
  return strikes_;
}

std::vector<Strike> Faults::take(const RequestInfo& info) {
  const std::scoped_lock lock(mutex_);
  std::vector<Strike> struck;
  for (auto& [id, fault] : faults_) {
    if (fault.count == 0 || !fault.match.matches(info)) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    struck.push_back({id, fault});
    if (fault.count > 0) --fault.count;
  }
  strikes_ += struck.size();
  // A hold stays in force, used up or not: it is what its requests wait on.
  std::erase_if(faults_, [](const Strike& strike) {
    return strike.fault.count == 0 && strike.fault.kind != Fault::Kind::hold;
  });
  return struck;
}

bool Faults::forbids(const RequestInfo& info) const {
  const std::scoped_lock lock(mutex_);
  return std::any_of(faults_.begin(), faults_.end(), [&](const Strike& strike) {
    return strike.fault.kind == Fault::Kind::forbid && strike.fault.match.matches(info);
  });
}

ApiError error_of(const Fault& fault, const RequestInfo& info) {
  ApiError error;
  if (fault.kind == Fault::Kind::forbid) {
    error = forbidden(info);
  } else {
    error.code = fault.code;
    error.reason = usual_reason(fault.code);
    error.message = usual_message(fault.code);
  }
  if (!fault.reason.empty()) error.reason = fault.reason;
  if (!fault.message.empty()) error.message = fault.message;
  error.retry_after_s = fault.retry_after_s;
  return error;
}

}  // namespace bulla::test
