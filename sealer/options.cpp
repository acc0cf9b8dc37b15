// SPDX-License-Identifier: Apache-2.0
#include "sealer/options.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "sealer/usage.hpp"

namespace bulla::sealer {

namespace {

using Flag = FlagSet::Flag;
using Group = FlagSet::Group;

/// A kubectl flag: "" is as good as absent, as it is for kubectl.
FlagSet::Setter optional_text(std::optional<std::string>& target) {
  return [&target](std::string_view value) -> Result<void> {
    if (value.empty()) {
      target.reset();
    } else {
      target = value;
    }
    return {};
  };
}

FlagSet::Setter optional_toggle(std::optional<bool>& target) {
  return [&target](std::string_view value) -> Result<void> {
    bool parsed = false;
    auto set = FlagSet::toggle(parsed)(value);
    if (set) target = parsed;
    return set;
  };
}

/// "ns/team" is as good as "team", as it is for kubectl.
FlagSet::Setter namespace_name(std::optional<std::string>& target) {
  return [set = optional_text(target)](std::string_view value) {
    for (const std::string_view prefix : {"namespaces/", "namespace/", "ns/"}) {
      const bool has_more = value.size() > prefix.size();
      if (has_more && to_lower(value.substr(0, prefix.size())) == prefix) {
        return set(value.substr(prefix.size()));
      }
    }
    return set(value);
  };
}

FlagSet::Setter key_values(std::vector<std::pair<std::string, std::string>>& target) {
  return [&target](std::string_view value) -> Result<void> {
    const auto equals = value.find('=');
    if (equals == value.npos || equals == 0) {
      return Error{Errc::invalid_input, "must be KEY=VALUE"};
    }
    target.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    return {};
  };
}

FlagSet::Setter scope(Scope& target) {
  return [&target](std::string_view value) -> Result<void> {
    const auto parsed = parse_scope(value);
    if (!parsed) {
      return Error{Errc::invalid_input, "must be one of: strict, namespace-wide, cluster-wide"};
    }
    target = *parsed;
    return {};
  };
}

// --- klog's flags: scripts pass them, so their values are checked, and nothing else is done -----

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// INFO, WARNING, ERROR, FATAL in any case, or a whole number.
bool is_severity(std::string_view text) {
  static constexpr std::array<std::string_view, 4> names{"info", "warning", "error", "fatal"};
  return all_digits(text) || std::ranges::find(names, to_lower(text)) != names.end();
}

/// "file.go:123", or nothing at all.
bool is_trace_location(std::string_view text) {
  const auto colon = text.find(':');
  return text.empty() ||
         (colon != std::string_view::npos && text.substr(0, colon).find('.') != text.npos &&
          all_digits(text.substr(colon + 1)));
}

/// "pattern=N,pattern=N"
bool is_vmodule(std::string_view text) {
  if (text.empty()) return true;
  return std::ranges::all_of(split(text, ','), [](std::string_view part) {
    const auto equals = part.find('=');
    return part.empty() ||
           (equals != part.npos && equals > 0 && all_digits(part.substr(equals + 1)));
  });
}

FlagSet::Setter checked(bool (*valid)(std::string_view), std::string_view wanted) {
  return [valid, wanted](std::string_view value) -> Result<void> {
    if (valid(value)) return {};
    return Error{Errc::invalid_input, "expected " + std::string(wanted)};
  };
}

FlagSet::Setter ignored_toggle() {
  return [](std::string_view value) -> Result<void> {
    bool unused = false;
    return FlagSet::toggle(unused)(value);
  };
}

Group klog_flags() {
  return {"Accepted for old scripts' sake, without effect",
          {{.name = "add_dir_header", .set = ignored_toggle()},
           {.name = "alsologtostderr", .set = ignored_toggle()},
           {.name = "alsologtostderrthreshold",
            .value = "severity",
            .set = checked(is_severity, "INFO, WARNING, ERROR, FATAL or a number")},
           {.name = "legacy_stderr_threshold_behavior", .set = ignored_toggle()},
           {.name = "log_backtrace_at",
            .value = "file:N",
            .set = checked(is_trace_location, "file.go:N")},
           {.name = "log_dir", .value = "string", .set = FlagSet::ignored()},
           {.name = "log_file", .value = "string", .set = FlagSet::ignored()},
           {.name = "log_file_max_size",
            .value = "uint",
            .set = checked(all_digits, "a number of megabytes")},
           {.name = "logtostderr", .set = ignored_toggle()},
           {.name = "one_output", .set = ignored_toggle()},
           {.name = "skip_headers", .set = ignored_toggle()},
           {.name = "skip_log_headers", .set = ignored_toggle()},
           {.name = "stderrthreshold",
            .value = "severity",
            .set = checked(is_severity, "INFO, WARNING, ERROR, FATAL or a number")},
           {.name = "v", .shorthand = 'v', .value = "level", .set = FlagSet::ignored_number()},
           {.name = "vmodule", .value = "pattern=N", .set = checked(is_vmodule, "pattern=N,...")}},
          true};
}

Group sealing_flags(Options& o) {
  return {"Sealing",
          {{.name = "secret-file",
            .shorthand = 'f',
            .value = "FILE",
            .help = "Read the Secret from FILE (default, and -: standard input)",
            .set = FlagSet::text(o.input_file)},
           {.name = "sealed-secret-file",
            .shorthand = 'w',
            .value = "FILE",
            .help = "Write to FILE (default, and -: standard output); .yaml and .yml mean YAML",
            .set = FlagSet::text(o.output_file)},
           {.name = "format",
            .shorthand = 'o',
            .value = "json|yaml",
            .help = "Output format (default json)",
            .set = FlagSet::text(o.format)},
           {.name = "cert",
            .value = "FILE|URL",
            .help = "Seal for this certificate instead of asking the controller",
            .set = FlagSet::text(o.certificate)},
           {.name = "scope",
            .value = "strict|namespace-wide|cluster-wide",
            .help = "Where the values may be opened (default strict)",
            .set = scope(o.scope)},
           {.name = "name",
            .value = "NAME",
            .help = "Name of the SealedSecret",
            .set = FlagSet::text(o.name)},
           {.name = "allow-empty-data",
            .help = "Accept a Secret without items",
            .set = FlagSet::toggle(o.allow_empty_data)},
           {.name = "merge-into",
            .value = "FILE",
            .help = "Add the items to the SealedSecret in FILE",
            .set = FlagSet::text(o.merge_into)},
           {.name = "raw",
            .help = "Seal one bare value, print one ciphertext",
            .set = FlagSet::toggle(o.raw)},
           {.name = "from-file",
            .value = "[KEY=]FILE",
            .help = "With --raw: where the value is",
            .set = FlagSet::csv(o.from_files)}}};
}

Group other_commands(Options& o) {
  return {"Other things to do",
          {{.name = "fetch-cert",
            .help = "Print the controller's certificate",
            .set = FlagSet::toggle(o.fetch_certificate)},
           {.name = "validate",
            .help = "Ask the controller whether it can unseal the input",
            .set = FlagSet::toggle(o.validate)},
           {.name = "re-encrypt",
            .help = "Seal the input anew: by the controller, or with the keys and --cert given",
            .set = FlagSet::toggle(o.re_encrypt)},
           {.name = "rotate",
            .help = "The old name of --re-encrypt",
            .set = FlagSet::toggle(o.re_encrypt),
            .deprecated = "please use --re-encrypt instead"},
           {.name = "recovery-unseal",
            .help = "Open the input with private keys, without a cluster",
            .set = FlagSet::toggle(o.recovery_unseal)},
           {.name = "recovery-private-key",
            .value = "FILE,...",
            .help = "The keys: PEM, key Secrets, or Lists of them",
            .set = FlagSet::csv(o.recovery_keys)},
           {.name = "version", .help = "Print the version", .set = FlagSet::toggle(o.version)},
           {.name = "help",
            .shorthand = 'h',
            .help = "Print this help",
            .set = FlagSet::toggle(o.help)}}};
}

Group cluster_flags(Options& o) {
  auto& c = o.cluster;
  return {
      "Reaching the cluster",
      {{.name = "controller-name",
        .value = "NAME",
        .help = "The controller's Service (default sealed-secrets-controller)",
        .set = FlagSet::text(o.controller_name)},
       {.name = "controller-namespace",
        .value = "NAMESPACE",
        .help = "Where the controller is (default kube-system)",
        .set = FlagSet::text(o.controller_namespace)},
       {.name = "namespace",
        .shorthand = 'n',
        .value = "NAMESPACE",
        .help = "Namespace of a Secret that names none",
        .set = namespace_name(c.namespace_)},
       {.name = "kubeconfig",
        .value = "FILE",
        .help = "Path to the kubeconfig",
        .set = optional_text(c.kubeconfig)},
       {.name = "context",
        .value = "NAME",
        .help = "Context of the kubeconfig to use",
        .set = optional_text(c.context)},
       {.name = "cluster",
        .value = "NAME",
        .help = "Cluster of the kubeconfig to use",
        .set = optional_text(c.cluster)},
       {.name = "user",
        .value = "NAME",
        .help = "User of the kubeconfig to use",
        .set = optional_text(c.user)},
       {.name = "server",
        .shorthand = 's',
        .value = "URL",
        .help = "The API server",
        .set = optional_text(c.server)},
       {.name = "token",
        .value = "TOKEN",
        .help = "Bearer token for the API server",
        .set = optional_text(c.token)},
       {.name = "certificate-authority",
        .value = "FILE",
        .help = "Certificates to trust the API server by",
        .set = optional_text(c.certificate_authority)},
       {.name = "client-certificate",
        .value = "FILE",
        .help = "Certificate to log in with",
        .set = optional_text(c.client_certificate)},
       {.name = "client-key",
        .value = "FILE",
        .help = "Private key to log in with",
        .set = optional_text(c.client_key)},
       {.name = "tls-server-name",
        .value = "NAME",
        .help = "Name to expect in the API server's certificate",
        .set = optional_text(c.tls_server_name)},
       {.name = "insecure-skip-tls-verify",
        .help = "Don't verify the API server's certificate",
        .set = optional_toggle(c.insecure_skip_tls_verify)},
       {.name = "username",
        .value = "NAME",
        .help = "User for basic authentication",
        .set = optional_text(c.username)},
       {.name = "password",
        .value = "PASSWORD",
        .help = "Password for basic authentication",
        .set = optional_text(c.password)},
       {.name = "as", .value = "USER", .help = "User to impersonate", .set = optional_text(c.as)},
       {.name = "as-group",
        .value = "GROUP",
        .help = "Group to impersonate (repeatable)",
        .set = FlagSet::texts(c.as_groups)},
       {.name = "as-uid",
        .value = "UID",
        .help = "UID to impersonate",
        .set = optional_text(c.as_uid)},
       {.name = "as-user-extra",
        .value = "KEY=VALUE",
        .help = "More about whom to impersonate (repeatable)",
        .set = key_values(c.as_user_extra)},
       {.name = "proxy-url",
        .value = "URL",
        .help = "Proxy to reach the API server through",
        .set = optional_text(c.proxy_url)},
       {.name = "disable-compression",
        .help = "Of no effect here: answers are never compressed",
        .set = optional_toggle(c.disable_compression)},
       {.name = "request-timeout",
        .value = "DURATION",
        .help = "Limit for one request, such as 30s (0: none)",
        .set = optional_text(c.request_timeout)}}};
}

}  // namespace

FlagSet flags_of(Options& options) {
  return {"SEALED_SECRETS_",
          {sealing_flags(options), other_commands(options), cluster_flags(options), klog_flags()},
          {{"V", "--version"},
           {"file", "-f FILE"},
           {"filename", "-f FILE"},
           {"output", "-o json, -o yaml; -w FILE says where to write"},
           {"out", "-w FILE"},
           {"certificate", "--cert FILE"},
           {"public-key", "--cert FILE"},
           {"private-key", "--recovery-private-key FILE"},
           {"decrypt", "--recovery-unseal --recovery-private-key FILE"},
           {"unseal", "--recovery-unseal --recovery-private-key FILE"},
           {"dry-run", "that is a flag of kubectl create, before the pipe"},
           {"from-literal", "echo 'stringData: {KEY: VALUE}' | kubeseal --name NAME"},
           {"from-env-file",
            "kubectl create secret generic NAME --from-env-file FILE --dry-run=client -o yaml | "
            "kubeseal"}}};
}

Result<Options> parse_options(std::span<const char* const> arguments) {
  Options options;
  auto parsed = flags_of(options).parse(arguments);
  if (!parsed) {
    auto verb = kubectl_verb(arguments);  // whose flags would be guessed at
    return verb ? std::move(*verb) : std::move(parsed).error();
  }
  options.notices = std::move(parsed->deprecations);
  options.format_given = std::ranges::find(parsed->given, "format") != parsed->given.end();
  if (options.version || options.help) return options;
  if (auto checked = check_usage(*parsed, options); !checked) return checked.error();
  if (!parsed->unread_environment.empty())
    options.environment_error = std::move(parsed->unread_environment.front());
  return options;
}

std::string help_text() {
  Options unused;
  return "Seals Kubernetes Secrets into SealedSecrets, which are safe to keep in Git: only the\n"
         "controller in the target cluster can open them.\n"
         "\n"
         "Usage: kubeseal [flags] < secret.yaml > sealed-secret.json\n"
         "\n"
         "  kubeseal -f secret.yaml -w sealed.yaml      seal for the controller of this cluster\n"
         "  kubeseal --fetch-cert > cert.pem            keep its certificate, to seal offline:\n"
         "  kubeseal --cert cert.pem -f secret.yaml -w sealed.yaml\n"
         "  kubectl create secret generic db --from-literal=password=x --dry-run=client -o yaml |\n"
         "    kubeseal -o yaml > sealed.yaml            no plaintext touches the disk\n"
         "\n" +
         flags_of(unused).help() +
         "\n"
         "Each flag can also be set as SEALED_SECRETS_FLAG_NAME in the environment.\n"
         "\n"
         "This is Bulla " BULLA_VERSION ", which does what kubeseal " +
         std::string(contract_version) + " does.\n";
}

}  // namespace bulla::sealer
