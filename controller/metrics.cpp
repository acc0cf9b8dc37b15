// SPDX-License-Identifier: Apache-2.0
#include "controller/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "controller/options.hpp"

namespace bulla {

namespace {

/// The bounds of Go's client library, in seconds.
const prometheus::Histogram::BucketBoundaries duration_bounds = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

constexpr const char* conditions_name = "sealed_secrets_controller_condition_info";

/// In quotes, with what the text format 0.0.4 asks to escape.
void append_label_value(std::string& text, std::string_view value) {
  text += '"';
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  text += '"';
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& errors =
      prometheus::BuildCounter()
          .Name("sealed_secrets_controller_unseal_errors_total")
          .Help("Total number of sealed secret unseal errors by reason")
          .Register(registry);
  prometheus::Counter& requests = prometheus::BuildCounter()
                                      .Name("sealed_secrets_controller_unseal_requests_total")
                                      .Help("Total number of sealed secret unseal requests")
                                      .Register(registry)
                                      .Add({});
  prometheus::Family<prometheus::Counter>& http_requests =
      prometheus::BuildCounter()
          .Name("sealed_secrets_controller_http_requests_total")
          .Help("A counter for requests to the wrapped handler.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& http_durations =
      prometheus::BuildHistogram()
          .Name("sealed_secrets_controller_http_request_duration_seconds")
          .Help("A histogram of latencies for requests.")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& keys =
      prometheus::BuildGauge()
          .Name("sealed_secrets_controller_keys")
          .Help("Sealing keys by state: active, retired (by their label) or malformed")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& newest_key_age =
      prometheus::BuildGauge()
          .Name("sealed_secrets_controller_newest_key_age_seconds")
          .Help("Age of the key whose certificate is served")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& leader =
      prometheus::BuildGauge()
          .Name("sealed_secrets_controller_leader")
          .Help("Whether this replica is the one that writes: 1 (it leads) or 0 (it stands by)")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& set_aside =
      prometheus::BuildGauge()
          .Name("sealed_secrets_controller_objects_set_aside")
          .Help("SealedSecrets that wait because the process ended while it worked on them")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& dependents =
      prometheus::BuildGauge()
          .Name("sealed_secrets_controller_key_dependents")
          .Help("SealedSecrets that depend on a sealing key; without a name: on keys not here")
          .Register(registry);

  prometheus::Family<prometheus::Counter>& private_key_operations =
      prometheus::BuildCounter()
          .Name("sealed_secrets_controller_private_key_operations_total")
          .Help("Private-key operations, for SealedSecrets and for HTTP requests")
          .Register(registry);

  bool omits_conditions = false;
  std::mutex mutex;  // guards what follows
  struct Condition {
    std::string instance;
    bool synced = false;
  };
  // Not the library's: a gauge of four labels takes a kilobyte, and as much again while it is read.
  std::unordered_map<kube::ObjectKey, Condition> of_object;
  std::vector<prometheus::Gauge*> of_keys;

  /// Under the lock.
  [[nodiscard]] std::string conditions_text() const;
};

Metrics::Metrics(bool omits_conditions) : impl_(std::make_unique<Impl>()) {
  impl_->omits_conditions = omits_conditions;
  prometheus::BuildGauge()
      .Name("sealed_secrets_controller_build_info")
      .Help("Build information.")
      .Register(impl_->registry)
      .Add({{"revision", std::string(contract_version)}});
}

Metrics::~Metrics() = default;

void Metrics::unseal_requested() { impl_->requests.Increment(); }

void Metrics::unseal_failed(std::string_view reason, std::string_view namespace_) {
  impl_->errors.Add({{"reason", std::string(reason)}, {"namespace", std::string(namespace_)}})
      .Increment();
}

void Metrics::set_condition(const kube::ObjectKey& key, std::string_view instance, bool synced) {
  if (impl_->omits_conditions) return;
  const std::lock_guard lock(impl_->mutex);
  Impl::Condition& condition = impl_->of_object[key];
  condition.instance = instance;
  condition.synced = synced;
}

void Metrics::forget_condition(const kube::ObjectKey& key) {
  const std::lock_guard lock(impl_->mutex);
  impl_->of_object.erase(key);
}

void Metrics::set_keys(const Keys& keys) {
  const auto set = [this](const char* state, std::size_t count) {
    impl_->keys.Add({{"state", state}}).Set(static_cast<double>(count));
  };
  set("active", keys.active);
  set("retired", keys.retired);
  set("malformed", keys.malformed);
  set("lost", keys.lost);
}

void Metrics::set_newest_key_age(double seconds) { impl_->newest_key_age.Add({}).Set(seconds); }

void Metrics::set_leader(bool leads) { impl_->leader.Add({}).Set(leads ? 1 : 0); }

void Metrics::set_set_aside(std::size_t count) {
  impl_->set_aside.Add({}).Set(static_cast<double>(count));
}

void Metrics::set_dependents(const std::vector<Dependents>& keys) {
  const std::lock_guard lock(impl_->mutex);
  for (auto* gauge : impl_->of_keys) impl_->dependents.Remove(gauge);
  impl_->of_keys.clear();
  for (const auto& key : keys) {
    auto& gauge = impl_->dependents.Add({{"fingerprint", key.fingerprint}, {"secret", key.secret}});
    gauge.Set(static_cast<double>(key.count));
    impl_->of_keys.push_back(&gauge);
  }
}

void Metrics::set_private_key_operations(std::uint64_t total) {
  const std::lock_guard lock(impl_->mutex);
  auto& counter = impl_->private_key_operations.Add({});
  counter.Increment(static_cast<double>(total) - counter.Value());
}

void Metrics::http_answered(const HttpRequest& request) {
  const std::string path(request.path);
  const std::string method(request.method);
  impl_->http_requests
      .Add({{"code", std::to_string(request.code)}, {"method", method}, {"path", path}})
      .Increment();
  impl_->http_durations.Add({{"method", method}, {"path", path}}, duration_bounds)
      .Observe(request.seconds);
}

std::string Metrics::Impl::conditions_text() const {
  std::string text;
  if (of_object.empty()) return text;
  text = std::string("# HELP ") + conditions_name +
         " Current SealedSecret condition status. Values are -1 (false), 0 (unknown or absent), 1 "
         "(true)\n# TYPE " +
         conditions_name + " gauge\n";
  for (const auto& [key, condition] : of_object) {
    text.append(conditions_name).append("{condition=\"Synced\",name=");
    append_label_value(text, key.name);
    text += ",namespace=";
    append_label_value(text, key.namespace_);
    text += ",ss_app_kubernetes_io_instance=";
    append_label_value(text, condition.instance);
    text += condition.synced ? "} 1\n" : "} -1\n";
  }
  return text;
}

std::string Metrics::text() const {
  auto families = impl_->registry.Collect();
  // By name, as the reference prints them; and only those that have something to say.
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  const auto behind =
      std::ranges::lower_bound(families, conditions_name, {}, &prometheus::MetricFamily::name);
  const prometheus::TextSerializer serializer;
  const std::lock_guard lock(impl_->mutex);
  return serializer.Serialize({families.begin(), behind}) + impl_->conditions_text() +
         serializer.Serialize({behind, families.end()});
}

}  // namespace bulla
