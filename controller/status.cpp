// SPDX-License-Identifier: Apache-2.0
#include "controller/status.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "kube/object.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

/// At most the limit, cut between two code points; it is shown on terminals.
std::string shown(std::string_view outcome) {
  const auto message = printable(outcome, LineEnds::kept);
  return std::string(cut_to(message, limits::status_message_bytes_max));
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

/// Whoever may write statuses may write anything there.
bool looks_like_fingerprint(std::string_view text) {
  constexpr std::string_view prefix = "SHA256:";
  constexpr std::size_t sha256_in_base64 = 43;
  if (!text.starts_with(prefix) || text.size() > prefix.size() + sha256_in_base64) return false;
  const auto is_base64 = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
           c == '/';
  };
  return std::ranges::all_of(text.substr(prefix.size()), is_base64);
}

bool observed(const json::value* status, std::int64_t generation) {
  const json::value* value =
      status == nullptr ? nullptr : kube::find_member(*status, {"observedGeneration"});
  return value != nullptr && value->is_int64() && value->get_int64() == generation;
}

/// Without a record, the keys stay as long as the spec is the same: they tell what is missing.
void write_record(json::object& status, const std::optional<SyncRecord>& record, bool same_spec) {
  if (!record) {
    for (const std::string_view name : {"secret", "scope", "additionalMetadata"})
      status.erase(name);
    if (!same_spec) status.erase("sealingKeys");
    return;
  }
  // Empty strings would not do: the API server takes them for null where a CRD wants a string.
  if (record->secret_uid.empty()) {
    status.erase("secret");
  } else {
    status["secret"] = {{"uid", record->secret_uid}, {"resourceVersion", record->secret_version}};
  }
  status["sealingKeys"] = json::array(record->keys.begin(), record->keys.end());
  status["scope"] = scope_name(record->scope);
  if (record->additional_metadata.empty()) {
    status.erase("additionalMetadata");
  } else {
    status["additionalMetadata"] = record->additional_metadata;
  }
}

json::array next_conditions(const json::value* old, const Says& synced, const Says& ready,
                            std::string_view now) {
  json::array conditions;
  conditions.push_back(make_condition(condition_of(old, synced.type), synced, now));
  conditions.push_back(make_condition(condition_of(old, ready.type), ready, now));
  const json::value* all = old == nullptr ? nullptr : kube::find_member(*old, {"conditions"});
  if (all == nullptr || !all->is_array()) return conditions;
  for (const json::value& one : all->get_array()) {
    const std::string_view type = kube::text_at(one, {"type"});
    if (type != synced.type && type != ready.type) conditions.push_back(one);
  }
  return conditions;
}

/// An entry of managedFields.
struct Writing {
  std::string_view manager = {};
  std::string_view time = {};  ///< RFC 3339 in UTC: in order as text
};

/// The last one by those who are asked for, of the object or of a subresource of it.
template <class Wanted>
Writing last_writing(const json::value& object, std::string_view subresource,
                     const Wanted& wanted) {
  const json::value* all = kube::find_member(object, {"metadata", "managedFields"});
  if (all == nullptr || !all->is_array()) return {};
  Writing last;
  for (const json::value& one : all->get_array()) {
    const Writing writing{kube::text_at(one, {"manager"}), kube::text_at(one, {"time"})};
    if (kube::text_at(one, {"subresource"}) == subresource && wanted(writing.manager) &&
        writing.time >= last.time)
      last = writing;
  }
  return last;
}

}  // namespace

std::vector<std::string> keys_in_status(const json::value& sealed) {
  std::vector<std::string> keys;
  const json::value* all = kube::find_member(sealed, {"status", "sealingKeys"});
  if (all == nullptr || !all->is_array()) return keys;
  for (const json::value& one : all->get_array()) {
    if (keys.size() >= limits::keys_max) break;
    if (one.is_string() && looks_like_fingerprint(one.get_string()))
      keys.emplace_back(one.get_string());
  }
  return keys;
}

std::optional<SyncRecord> record_in(const json::value& sealed) {
  const json::value* status = kube::find_member(sealed, {"status"});
  if (!observed(status, kube::generation_of(sealed)) || kube::is_being_deleted(sealed))
    return std::nullopt;
  for (const std::string_view type : {"Synced", "Ready"}) {
    if (text_of(condition_of(status, type), "status") != "True") return std::nullopt;
  }
  const json::value* metadata = kube::find_member(sealed, {"metadata"});
  if (metadata == nullptr || !metadata->is_object()) return std::nullopt;
  SyncRecord record{std::string(kube::text_at(*status, {"secret", "uid"})),
                    std::string(kube::text_at(*status, {"secret", "resourceVersion"})),
                    keys_in_status(sealed), scope_of(metadata->get_object()),
                    std::string(kube::text_at(*status, {"additionalMetadata"}))};
  const bool told = !record.secret_uid.empty() && !record.secret_version.empty() &&
                    kube::text_at(*status, {"scope"}) == scope_name(record.scope);
  if (!told) return std::nullopt;
  return record;
}

std::optional<bool> synced_in_status(const json::value& sealed) {
  const auto status =
      text_of(condition_of(kube::find_member(sealed, {"status"}), "Synced"), "status");
  if (status == "True") return true;
  if (status == "False") return false;
  return std::nullopt;
}

std::string status_writer(std::string_view own_namespace) {
  return "sealed-secrets-controller." + std::string(own_namespace);
}

std::string other_status_writer(const json::value& sealed, std::string_view own) {
  return std::string(
      last_writing(sealed, "status", [&](std::string_view one) { return one != own; }).manager);
}

std::string other_writer(const json::value& object, std::string_view own) {
  const auto ours = last_writing(object, "", [&](std::string_view one) { return one == own; });
  const auto other = last_writing(object, "", [&](std::string_view one) { return one != own; });
  return std::string(other.time < ours.time ? "" : other.manager);
}

std::optional<json::value> next_status(const json::value* old, const Outcome& outcome,
                                       std::int64_t generation, WallTime now) {
  const std::string_view status = outcome.synced ? "True" : "False";
  // The Synced column of `kubectl get` shows no message when all is well, as ever.
  const auto message = shown(outcome.message);
  const Says synced{"Synced", status, outcome.reason, message};
  const Says ready{"Ready", status, outcome.reason, message};
  const bool same_spec = observed(old, generation);
  const bool same = same_spec && says_so(condition_of(old, synced.type), synced) &&
                    says_so(condition_of(old, ready.type), ready);

  json::value next = old != nullptr && old->is_object() ? *old : json::value(json::object());
  write_record(next.as_object(), outcome.record, same_spec);
  if (same && next == *old) return std::nullopt;
  if (same) return next;
  next.as_object()["conditions"] = next_conditions(old, synced, ready, format_rfc3339(now));
  next.as_object()["observedGeneration"] = generation;
  return next;
}

}  // namespace bulla
