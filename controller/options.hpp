// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "controller/additional_metadata.hpp"
#include "kube/election.hpp"
#include "kube/pace.hpp"

namespace bulla {

/// The release of Sealed Secrets whose contract this controller keeps; --version and the metric
/// build_info name it.
inline constexpr std::string_view contract_version = "0.40.0";

/// What puts the newest key first.
enum class KeyOrder { certificate_not_before, secret_creation };

/// What the flags of the controller say (COMPATIBILITY.md, section 4), with their defaults.
struct Options {
  std::string key_prefix = "sealed-secrets-key";
  int key_size = 4096;  ///< bits
  std::chrono::nanoseconds key_ttl = std::chrono::hours(24 * 365 * 10);
  std::string my_cn = {};
  std::chrono::nanoseconds key_renew_period = std::chrono::hours(720);  ///< 0: never
  KeyOrder key_order = KeyOrder::certificate_not_before;
  std::optional<WallTime> key_cutoff_time = {};
  std::map<std::string, std::string> key_annotations = {};  ///< for new key Secrets
  std::map<std::string, std::string> key_labels = {};
  bool generate_key = true;  ///< ours; false: keys come from outside, and none is ever made

  bool accept_deprecated_v1_data = true;
  bool all_namespaces = true;
  std::vector<std::string> additional_namespaces = {};
  std::string label_selector = {};
  bool update_status = true;
  bool skip_recreate = false;
  bool repair_drift = true;  ///< ours
  bool metrics_omit_secret_labels = false;
  bool old_gc_behavior = false;
  std::vector<std::string> allowed_secret_types = {};  ///< ours; empty: every type
  AdditionalMetadata additional_metadata = {};         ///< ours; of all Secrets that are made
  /// How often a write that the API server refused as invalid is tried again.
  int max_unseal_retries = 5;

  LogOptions log = {};
  std::string listen_addr = ":8080";
  std::string listen_metrics_addr = ":8081";
  std::chrono::nanoseconds read_timeout = std::chrono::minutes(2);
  std::chrono::nanoseconds write_timeout = std::chrono::minutes(2);
  int rate_limit = 2;              ///< requests a second of one client, for verify and for rotate
  int rate_limit_burst = 2;        ///< beyond the first, at once
  std::string tls_cert_file = {};  ///< ours: both or none
  std::string tls_key_file = {};

  // Ours: which one of several replicas writes. Times as for client-go's electors.
  bool leader_elect = true;
  std::chrono::nanoseconds lease_duration = kube::ElectionTimings().lease;
  std::chrono::nanoseconds renew_deadline = kube::ElectionTimings().renew_deadline;
  std::chrono::nanoseconds retry_period = kube::ElectionTimings().retry;
  std::string lease_name = "sealed-secrets-controller";  ///< in own_namespace
  [[nodiscard]] kube::ElectionTimings election_timings() const;

  // Neither given: the API server's own back-pressure (429) is all that slows us down.
  std::optional<double> kubeclient_qps = {};
  std::optional<int> kubeclient_burst = {};
  /// client-go's reading: 0 is its default (5 a second, 10 at once), a negative rate is none.
  [[nodiscard]] std::optional<kube::RequestRate> request_rate() const;

  /// Ours: see CrashMarks; empty: none.
  std::string crash_marks_file = "/tmp/sealed-secrets-controller.marks";
  std::optional<std::string> kubeconfig = {};  ///< ours: to run outside of a cluster
  /// The controller's own, where its keys live. Not a flag: see own_namespace().
  std::string own_namespace = "default";

  /// The namespaces to look after, each once; one empty name means all of them.
  [[nodiscard]] std::vector<std::string> namespaces() const;
};

struct CommandLine {
  enum class Mode { run, version, help };
  Mode mode = Mode::run;
  Options options = {};
  std::vector<std::string> notices = {};  ///< sentences for the user: what is odd, and taken
};

/// Reads the command line (without the program's name) and the environment (SEALED_SECRETS_...).
/// Every flag of the reference is accepted.
/// Errors: invalid_input, in the reference's words for what pflag reads.
[[nodiscard]] Result<CommandLine> parse_command_line(std::span<const char* const> arguments);

/// What --help prints.
[[nodiscard]] std::string help_text();

/// $POD_NAMESPACE, else the service account's namespace file, else "default".
[[nodiscard]] std::string own_namespace(const std::optional<std::string>& pod_namespace,
                                        const std::string& service_account_directory);

}  // namespace bulla
