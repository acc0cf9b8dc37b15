// SPDX-License-Identifier: Apache-2.0
#include "controller/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <iterator>
#include <set>
#include <utility>

#include "base/file.hpp"
#include "base/flags.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace bulla {

namespace {

FlagSet::Setter duration(std::chrono::nanoseconds& target) {
  return [&target](std::string_view value) -> Result<void> {
    auto parsed = parse_go_duration(value);
    if (!parsed) return parsed.error();
    target = *parsed;
    return {};
  };
}

/// "a=1,b=2"; empty pieces are passed over.
FlagSet::Setter pairs(std::map<std::string, std::string>& target) {
  return [&target](std::string_view value) -> Result<void> {
    target.clear();
    for (const auto piece : split(value, ',')) {
      if (trim(piece).empty()) continue;
      const auto equals = piece.find('=');
      if (equals == std::string_view::npos || trim(piece.substr(0, equals)).empty())
        return Error{Errc::invalid_input, quoted(piece) + " is not of the form key=value"};
      target.insert_or_assign(std::string(trim(piece.substr(0, equals))),
                              std::string(trim(piece.substr(equals + 1))));
    }
    return {};
  };
}

/// The same, where nothing that was typed may be lost: a name that stands twice is refused.
FlagSet::Setter distinct_pairs(std::map<std::string, std::string>& target) {
  return [&target](std::string_view value) -> Result<void> {
    if (auto read = pairs(target)(value); !read) return read;
    std::set<std::string_view> names;
    for (const auto piece : split(value, ',')) {
      const auto name = trim(piece.substr(0, piece.find('=')));
      if (!name.empty() && !names.insert(name).second)
        return Error{Errc::invalid_input, quoted(name) + " stands there twice"};
    }
    return {};
  };
}

FlagSet::Setter text_list(std::vector<std::string>& target) {
  return [&target](std::string_view value) -> Result<void> {
    target.clear();
    for (const auto piece : split(value, ',')) {
      if (!trim(piece).empty()) target.emplace_back(trim(piece));
    }
    return {};
  };
}

FlagSet::Setter key_order(KeyOrder& target) {
  return [&target](std::string_view value) -> Result<void> {
    if (value == "CertNotBefore") {
      target = KeyOrder::certificate_not_before;
    } else if (value == "SecretCreationTimestamp") {
      target = KeyOrder::secret_creation;
    } else {
      return Error{Errc::invalid_input,
                   quoted(value) + " is neither CertNotBefore nor SecretCreationTimestamp"};
    }
    return {};
  };
}

/// RFC 1123 with numeric zone, Go's time.RFC1123Z: "Mon, 02 Jan 2006 15:04:05 -0700".
FlagSet::Setter rfc1123(std::optional<WallTime>& target) {
  return [&target](std::string_view value) -> Result<void> {
    target.reset();
    if (value.empty()) return {};
    std::tm parts{};
    const std::string text(value);
    const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S %z", &parts);
    if (end == nullptr || *end != '\0')
      return Error{Errc::invalid_input, quoted(value) +
                                            " is no RFC 1123 time with a numeric zone, such as "
                                            "\"Mon, 02 Jan 2006 15:04:05 -0700\""};
    const long offset = parts.tm_gmtoff;  // timegm() takes the parts as UTC and clears it
    target = std::chrono::system_clock::from_time_t(timegm(&parts) - offset);
    return {};
  };
}

/// Go's slog.Level as text: a name in any case, and a whole number added to it ("warn+1"). There
/// are no lines below INFO, and none between INFO and ERROR.
FlagSet::Setter log_level(LogLevel& target) {
  return [&target](std::string_view value) -> Result<void> {
    const std::string text = to_lower(value);
    const auto sign = std::min(text.find_first_of("+-"), text.size());
    const std::string_view name(text.data(), sign);
    constexpr int info = 0;
    const std::array<std::pair<std::string_view, int>, 4> levels{
        {{"debug", -4}, {"info", info}, {"warn", 4}, {"error", 8}}};
    const auto* const level =
        std::ranges::find(levels, name, [](const auto& l) { return l.first; });
    int added = 0;
    const std::string_view rest = std::string_view(text).substr(sign);
    if (level == levels.end() || (!rest.empty() && !FlagSet::number(added)(rest)))
      return Error{Errc::invalid_input, quoted(value) + " is none of DEBUG, INFO, WARN and ERROR"};
    target = level->second + added > info ? LogLevel::error : LogLevel::info;
    return {};
  };
}

FlagSet::Setter log_format(LogFormat& target) {
  return [&target](std::string_view value) -> Result<void> {
    const std::string name = to_lower(value);
    if (name == "text") {
      target = LogFormat::text;
    } else if (name == "json") {
      target = LogFormat::json;
    } else {
      return Error{Errc::invalid_input, quoted(value) + " is neither text nor json"};
    }
    return {};
  };
}

FlagSet::Setter optional_text(std::optional<std::string>& target) {
  return [&target](std::string_view value) -> Result<void> {
    target = std::string(value);
    return {};
  };
}

FlagSet::Setter decimal(std::optional<double>& target) {
  return [&target](std::string_view value) -> Result<void> {
    double number = 0;
    const auto* end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || !std::isfinite(number))
      return Error{Errc::invalid_input,
                   "strconv.ParseFloat: parsing " + quoted(value) + ": invalid syntax"};
    target = number;
    return {};
  };
}

FlagSet::Setter whole(std::optional<int>& target) {
  return [&target](std::string_view value) -> Result<void> {
    int number = 0;
    if (auto read = FlagSet::number(number)(value); !read) return read;
    target = number;
    return {};
  };
}

FlagSet::Group key_flags(Options& o) {
  return {"Keys",
          {{.name = "generate-key",
            .help = "Make sealing keys; false: all come from outside (true).",
            .set = FlagSet::toggle(o.generate_key)},
           {.name = "key-prefix",
            .value = "string",
            .help = "Name prefix of new key Secrets (sealed-secrets-key).",
            .set = FlagSet::text(o.key_prefix)},
           {.name = "key-size",
            .value = "bits",
            .help = "Size of new keys (4096).",
            .set = FlagSet::number(o.key_size)},
           {.name = "key-ttl",
            .value = "duration",
            .help = "How long new certificates are valid (87600h0m0s).",
            .set = duration(o.key_ttl)},
           {.name = "my-cn",
            .value = "string",
            .help = "Common name in new certificates.",
            .set = FlagSet::text(o.my_cn)},
           {.name = "key-renew-period",
            .value = "duration",
            .help = "Age of the newest key at which one is added; 0: never (720h0m0s).",
            .set = duration(o.key_renew_period)},
           {.name = "rotate-period",
            .value = "duration",
            .help = "Deprecated: --key-renew-period.",
            .set = duration(o.key_renew_period),
            .deprecated = "please use key-renew-period instead"},
           {.name = "key-order-priority",
            .value = "string",
            .help = "What makes a key the newest: CertNotBefore or SecretCreationTimestamp "
                    "(CertNotBefore).",
            .set = key_order(o.key_order)},
           {.name = "key-cutoff-time",
            .value = "time",
            .help = "Add a key at start if the newest is older (RFC 1123, numeric zone).",
            .set = rfc1123(o.key_cutoff_time)},
           {.name = "privatekey-annotations",
            .value = "k=v,...",
            .help = "Annotations of new key Secrets.",
            .set = pairs(o.key_annotations)},
           {.name = "privatekey-labels",
            .value = "k=v,...",
            .help = "Further labels of new key Secrets.",
            .set = pairs(o.key_labels)},
           {.name = "watch-for-secrets",
            .help = "Accepted: key Secrets are always watched.",
            .set = FlagSet::ignored()}}};
}

FlagSet::Group work_flags(Options& o) {
  return {
      "SealedSecrets",
      {{.name = "all-namespaces",
        .help = "Look after all namespaces; false, or with the next flag, only after the own one.",
        .set = FlagSet::toggle(o.all_namespaces)},
       {.name = "additional-namespaces",
        .value = "a,b,...",
        .help = "Namespaces besides the own one.",
        .set = text_list(o.additional_namespaces)},
       {.name = "label-selector",
        .value = "selector",
        .help = "Look after the SealedSecrets with these labels only.",
        .set = FlagSet::text(o.label_selector)},
       {.name = "accept-deprecated-v1-data",
        .help = "Open the deprecated spec.data too (true).",
        .set = FlagSet::toggle(o.accept_deprecated_v1_data)},
       {.name = "update-status",
        .help = "Write the status of SealedSecrets (true).",
        .set = FlagSet::toggle(o.update_status)},
       {.name = "skip-recreate",
        .help = "Don't watch Secrets: a deleted one stays away.",
        .set = FlagSet::toggle(o.skip_recreate)},
       {.name = "max-unseal-retries",
        .value = "int",
        .help =
            "Retries of what the API server refuses as invalid; what time can cure has no end (5).",
        .set = FlagSet::number(o.max_unseal_retries)},
       {.name = "old-gc-behavior",
        .help = "Delete the Secrets of deleted SealedSecrets, without the garbage collector.",
        .set = FlagSet::toggle(o.old_gc_behavior)},
       {.name = "allowed-secret-types",
        .value = "a,b,...",
        .help = "Types of Secrets that SealedSecrets may become; without it, every type.",
        .set = text_list(o.allowed_secret_types)},
       {.name = "additional-secret-labels",
        .value = "k=v,...",
        .help = "Labels of every Secret that is made; the SealedSecret's template wins.",
        .set = distinct_pairs(o.additional_metadata.labels)},
       {.name = "additional-secret-annotations",
        .value = "k=v,...",
        .help = "Annotations of every Secret that is made; the SealedSecret's template wins.",
        .set = distinct_pairs(o.additional_metadata.annotations)},
       {.name = "repair-drift",
        .help = "Put a Secret of ours right when something else changes it (true).",
        .set = FlagSet::toggle(o.repair_drift)}}};
}

FlagSet::Group service_flags(Options& o) {
  return {
      "Service",
      {{.name = "listen-addr",
        .value = "address",
        .help = "Where to serve HTTP (:8080).",
        .set = FlagSet::text(o.listen_addr)},
       {.name = "listen-metrics-addr",
        .value = "address",
        .help = "Where to serve metrics (:8081).",
        .set = FlagSet::text(o.listen_metrics_addr)},
       {.name = "read-timeout",
        .value = "duration",
        .help = "Time that an HTTP client has to send a request (2m0s).",
        .set = duration(o.read_timeout)},
       {.name = "write-timeout",
        .value = "duration",
        .help = "Time that an HTTP client has to take an answer (2m0s).",
        .set = duration(o.write_timeout)},
       {.name = "rate-limit",
        .value = "int",
        .help =
            "Requests a second of one client to verify, and to rotate: 32 private-key operations "
            "make one (2).",
        .set = FlagSet::number(o.rate_limit)},
       {.name = "rate-limit-burst",
        .value = "int",
        .help = "Requests beyond that rate that may come at once (2).",
        .set = FlagSet::number(o.rate_limit_burst)},
       {.name = "metrics-omit-secret-labels",
        .help = "No condition_info: no series names a SealedSecret. Namespaces (errors) and the "
                "names of key Secrets stay.",
        .set = FlagSet::toggle(o.metrics_omit_secret_labels)},
       {.name = "tls-cert-file",
        .value = "path",
        .help = "Serve HTTPS on --listen-addr with this certificate (PEM); read again when it "
                "changes.",
        .set = FlagSet::text(o.tls_cert_file)},
       {.name = "tls-key-file",
        .value = "path",
        .help = "The private key of --tls-cert-file (PEM).",
        .set = FlagSet::text(o.tls_key_file)}}};
}

FlagSet::Group replica_flags(Options& o) {
  return {"Several replicas",
          {{.name = "leader-elect",
            .help = "Let one replica write, the others stand by; false: this is the only one.",
            .set = FlagSet::toggle(o.leader_elect)},
           {.name = "leader-elect-lease-duration",
            .value = "duration",
            .help = "How long stand-bys wait for a leader that is silent (4s).",
            .set = duration(o.lease_duration)},
           {.name = "leader-elect-renew-deadline",
            .value = "duration",
            .help = "How long a leader that can't renew its Lease goes on (2.5s).",
            .set = duration(o.renew_deadline)},
           {.name = "leader-elect-retry-period",
            .value = "duration",
            .help = "Between two renewals (1s).",
            .set = duration(o.retry_period)},
           {.name = "leader-elect-resource-name",
            .value = "string",
            .help = "The Lease, in the controller's namespace (sealed-secrets-controller).",
            .set = FlagSet::text(o.lease_name)}}};
}

FlagSet::Group process_flags(Options& o) {
  return {"Process",
          {{.name = "log-level",
            .value = "INFO|ERROR",
            .help = "Lines to log; DEBUG is as INFO, and WARN as ERROR.",
            .set = log_level(o.log.level)},
           {.name = "log-format",
            .value = "text|json",
            .help = "Form of log lines.",
            .set = log_format(o.log.format)},
           {.name = "log-info-stdout",
            .help = "INFO lines to standard output, ERROR lines to standard error.",
            .set = FlagSet::toggle(o.log.info_to_stdout)},
           {.name = "crash-marks-file",
            .value = "path",
            .help = "Where to mark what is being worked on, so that an object which ends the "
                    "process is set aside by the next one; empty: nowhere "
                    "(/tmp/sealed-secrets-controller.marks).",
            .set = FlagSet::text(o.crash_marks_file)},
           {.name = "kubeconfig",
            .value = "path",
            .help = "Cluster to work in; else the pod's own, else $KUBECONFIG.",
            .set = optional_text(o.kubeconfig)},
           {.name = "kubeclient-qps",
            .value = "float",
            .help = "Requests a second to the API server; without it, as many as it takes.",
            .set = decimal(o.kubeclient_qps)},
           {.name = "kubeclient-burst",
            .value = "int",
            .help = "Requests that may go at once, with such a rate (10).",
            .set = whole(o.kubeclient_burst)}}};
}

FlagSet make_flags(Options& options, bool& version, bool& help) {
  return {"SEALED_SECRETS_",
          {key_flags(options),
           work_flags(options),
           service_flags(options),
           replica_flags(options),
           process_flags(options),
           {"Help",
            {{.name = "version", .help = "Print the version.", .set = FlagSet::toggle(version)},
             {.name = "help",
              .shorthand = 'h',
              .help = "Print this.",
              .set = FlagSet::toggle(help)}}}}};
}

Result<void> check_election(const Options& options) {
  if (options.lease_name.empty())
    return Error{Errc::invalid_input, "--leader-elect-resource-name must not be empty"};
  auto fine = options.election_timings().check();
  if (fine) return {};
  return std::move(fine).error().during(
      "--leader-elect-lease-duration " + format_go_duration(options.lease_duration) +
      ", --leader-elect-renew-deadline " + format_go_duration(options.renew_deadline) +
      ", --leader-elect-retry-period " + format_go_duration(options.retry_period));
}

/// Whether a name that begins so, and goes on with what we add, can be a Secret's (RFC 1123).
bool may_begin_a_name(std::string_view prefix) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::size_t name_max = 253;
  constexpr std::size_t added_max = 16;  // "-" or nothing, and what makes the name unique
  return prefix.size() <= name_max - added_max && letters.find(prefix.front()) != prefix.npos &&
         prefix.find_first_not_of(std::string(letters) + "-.") == prefix.npos;
}

Result<void> check(const Options& options) {
  if (options.key_size < limits::new_key_bits_min || options.key_size > limits::new_key_bits_max)
    return Error{Errc::invalid_input, "--key-size " + std::to_string(options.key_size) +
                                          " is not between " +
                                          std::to_string(limits::new_key_bits_min) + " and " +
                                          std::to_string(limits::new_key_bits_max)};
  if (options.key_ttl <= std::chrono::nanoseconds(0))
    return Error{Errc::invalid_input, "--key-ttl must be more than 0"};
  constexpr std::chrono::hours ttl_max(24 * 365 * 100);
  if (options.key_ttl > ttl_max)
    return Error{Errc::invalid_input, "--key-ttl " + format_go_duration(options.key_ttl) +
                                          " is more than a hundred years, " +
                                          format_go_duration(ttl_max)};
  if (options.key_renew_period < std::chrono::nanoseconds(0))
    return Error{Errc::invalid_input, "--key-renew-period must not be less than 0"};
  if (options.rate_limit < 1) return Error{Errc::invalid_input, "--rate-limit must be at least 1"};
  if (options.rate_limit_burst < 0)
    return Error{Errc::invalid_input, "--rate-limit-burst must not be less than 0"};
  if (options.tls_cert_file.empty() != options.tls_key_file.empty())
    return Error{Errc::invalid_input, "--tls-cert-file and --tls-key-file need each other"};
  if (options.key_prefix.empty())
    return Error{Errc::invalid_input, "--key-prefix must not be empty"};
  if (!may_begin_a_name(options.key_prefix))
    return Error{
        Errc::invalid_input,
        "--key-prefix " + quoted(options.key_prefix) +
            ": names of Secrets are made of lower-case letters, digits, '-' and '.', begin "
            "with a letter or a digit, and have at most 253 characters"};
  if (auto fine = options.additional_metadata.check(); !fine) return fine;
  return check_election(options);
}

/// What asks for new keys contradicts --generate-key=false; what says how they are to be has no
/// effect with it.
Result<void> check_generation(const Options& options, const std::vector<std::string_view>& given,
                              std::vector<std::string>& notices) {
  if (options.generate_key) return {};
  const auto is_given = [&](std::string_view name) {
    return std::ranges::find(given, name) != given.end();
  };
  for (const std::string_view name : {"key-renew-period", "rotate-period", "key-cutoff-time"}) {
    const bool asks = name == "key-cutoff-time" ? options.key_cutoff_time.has_value()
                                                : options.key_renew_period.count() > 0;
    if (asks && is_given(name))
      return Error{Errc::invalid_input, "--generate-key=false makes no key, and --" +
                                            std::string(name) +
                                            " asks for new ones: leave one of the two out"};
  }
  for (const std::string_view name :
       {"key-size", "key-ttl", "my-cn", "privatekey-annotations", "privatekey-labels"}) {
    if (is_given(name))
      notices.push_back("--" + std::string(name) + " has no effect with --generate-key=false");
  }
  return {};
}

/// A truth value after a switch ("--all-namespaces false") is a word of its own, which the
/// reference passes over. So it is here, with a notice; another word is a mistake.
Result<void> tell_of_words(const std::vector<std::string>& words,
                           std::vector<std::string>& notices) {
  for (const auto& word : words) {
    bool truth = false;
    if (!FlagSet::toggle(truth)(word))
      return Error{Errc::invalid_input, "unexpected argument " + quoted(word)};
    notices.push_back(
        quoted(word) +
        " stands alone and is passed over: a switch takes its value with '=', such as "
        "--all-namespaces=false");
  }
  return {};
}

}  // namespace

std::vector<std::string> Options::namespaces() const {
  // As in the reference, a list of namespaces says enough; --all-namespaces is true by default.
  if (all_namespaces && additional_namespaces.empty()) return {""};
  std::vector<std::string> names = {own_namespace};
  for (const auto& name : additional_namespaces) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

kube::ElectionTimings Options::election_timings() const {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  return {.lease = duration_cast<milliseconds>(lease_duration),
          .renew_deadline = duration_cast<milliseconds>(renew_deadline),
          .retry = duration_cast<milliseconds>(retry_period)};
}

std::optional<kube::RequestRate> Options::request_rate() const {
  if (!kubeclient_qps && !kubeclient_burst) return std::nullopt;
  kube::RequestRate rate;
  if (kubeclient_qps.value_or(0) < 0) return std::nullopt;
  if (kubeclient_qps.value_or(0) > 0) rate.per_second = *kubeclient_qps;
  if (kubeclient_burst.value_or(0) > 0) rate.burst = *kubeclient_burst;
  return rate;
}

Result<CommandLine> parse_command_line(std::span<const char* const> arguments) {
  CommandLine line;
  bool version = false;
  bool help = false;
  const FlagSet flags = make_flags(line.options, version, help);
  auto parsed = flags.parse(arguments);
  if (!parsed) return parsed.error();
  if (auto told = tell_of_words(parsed->words, line.notices); !told) return told.error();
  for (const auto& error : parsed->unread_environment)
    line.notices.push_back(error.message + "; the default is taken");
  std::ranges::move(parsed->deprecations, std::back_inserter(line.notices));
  line.mode = help      ? CommandLine::Mode::help
              : version ? CommandLine::Mode::version
                        : CommandLine::Mode::run;
  if (line.mode != CommandLine::Mode::run) return line;
  if (auto ok = check(line.options); !ok) return ok.error();
  if (auto ok = check_generation(line.options, parsed->given, line.notices); !ok) return ok.error();
  return line;
}

std::string help_text() {
  Options options;
  bool ignored = false;
  return "Opens SealedSecrets in a Kubernetes cluster.\n\nUsage: controller [flags]\n\n" +
         make_flags(options, ignored, ignored).help();
}

std::string own_namespace(const std::optional<std::string>& pod_namespace,
                          const std::string& service_account_directory) {
  if (pod_namespace && !pod_namespace->empty()) return *pod_namespace;
  const auto file = read_file(service_account_directory + "/namespace", limits::kib);
  if (!file) return "default";
  const auto name = trim(file->expose_secret_text());
  return name.empty() ? "default" : std::string(name);
}

}  // namespace bulla
