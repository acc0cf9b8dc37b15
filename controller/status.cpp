// SPDX-License-Identifier: Apache-2.0
#include "controller/status.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "kube/object.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// At most the limit, cut between two code points.
std::string_view cut(std::string_view message) {
  std::size_t size = std::min(message.size(), limits::status_message_bytes_max);
  while (size < message.size() && size > 0 && (static_cast<unsigned char>(message[size]) >> 6) == 2)
    --size;
  return message.substr(0, size);
}

const json::object* condition_of(const json::value* status, std::string_view type) {
  const json::value* all = status == nullptr ? nullptr : kube::find_member(*status, {"conditions"});
  if (all == nullptr || !all->is_array()) return nullptr;
  for (const json::value& one : all->get_array()) {
    if (one.is_object() && kube::text_at(one, {"type"}) == type) return &one.get_object();
  }
  return nullptr;
}

std::string_view text_of(const json::object* object, std::string_view name) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

/// What one condition is to say, besides its times.
struct Says {
  std::string_view type;
  std::string_view status;
  std::string_view reason;
  std::string_view message;
};

bool says_so(const json::object* condition, const Says& says) {
  return condition != nullptr && text_of(condition, "status") == says.status &&
         text_of(condition, "reason") == says.reason &&
         text_of(condition, "message") == says.message;
}

json::object make_condition(const json::object* old, const Says& says, std::string_view now) {
  const std::string_view since = text_of(old, "lastTransitionTime");
  const bool flips = text_of(old, "status") != says.status || since.empty();
  json::object condition;
  condition["lastTransitionTime"] = flips ? now : since;
  condition["lastUpdateTime"] = now;
  if (!says.message.empty()) condition["message"] = says.message;
  condition["reason"] = says.reason;
  condition["status"] = says.status;
  condition["type"] = says.type;
  return condition;
}

}  // namespace

std::optional<json::value> next_status(const json::value* old, const Outcome& outcome,
                                       std::int64_t generation, WallTime now) {
  const std::string_view status = outcome.synced ? "True" : "False";
  // The Synced column of `kubectl get` shows no message when all is well, as ever.
  const Says synced{"Synced", status, outcome.reason, cut(outcome.message)};
  const Says ready{"Ready", status, outcome.reason, cut(outcome.message)};

  const json::object* old_synced = condition_of(old, synced.type);
  const json::object* old_ready = condition_of(old, ready.type);
  const json::value* observed =
      old == nullptr ? nullptr : kube::find_member(*old, {"observedGeneration"});
  const bool same_generation =
      observed != nullptr && observed->is_int64() && observed->get_int64() == generation;
  if (same_generation && says_so(old_synced, synced) && says_so(old_ready, ready))
    return std::nullopt;

  const std::string time = format_rfc3339(now);
  json::array conditions;
  conditions.push_back(make_condition(old_synced, synced, time));
  conditions.push_back(make_condition(old_ready, ready, time));
  if (const json::value* all = old == nullptr ? nullptr : kube::find_member(*old, {"conditions"});
      all != nullptr && all->is_array()) {
    for (const json::value& one : all->get_array()) {
      const std::string_view type = kube::text_at(one, {"type"});
      if (type != synced.type && type != ready.type) conditions.push_back(one);
    }
  }

  json::value next = old != nullptr && old->is_object() ? *old : json::value(json::object());
  next.as_object()["conditions"] = std::move(conditions);
  next.as_object()["observedGeneration"] = generation;
  return next;
}

}  // namespace bulla
