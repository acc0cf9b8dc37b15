// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "resource/seal.hpp"
#include "sealer/certificate_source.hpp"
#include "sealer/cluster.hpp"
#include "sealer/commands.hpp"
#include "sealer/io.hpp"
#include "sealer/kubernetes_names.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace {

/// The label to seal under, from flags alone: a bare value says nothing of itself.
Result<std::string> raw_label(const Options& options) {
  if (options.scope == Scope::cluster_wide) return std::string();
  auto namespace_ = namespace_of_context(options);
  if (!namespace_) {
    return std::move(namespace_).error().hint("pass --namespace: the value is bound to it");
  }
  if (options.scope == Scope::strict && options.name.empty()) {
    return Error{Errc::invalid_input, "must provide the --name flag with --raw and --scope strict"};
  }
  const auto name = options.scope == Scope::strict ? options.name : std::string();
  if (auto fine = check_namespace(*namespace_); !fine) return fine.error();
  for (const auto& refusal : refused_names(*namespace_, name)) warn(refusal);
  return seal_label(options.scope, *namespace_, name);
}

/// Where the value will open: it says nothing of itself, and the namespace may be the context's.
std::string place_told(const Options& options, const std::string& label) {
  switch (options.scope) {
    case Scope::cluster_wide: return "(sealing cluster-wide)";
    case Scope::namespace_wide: return "(sealing namespace-wide for namespace " + label + ")";
    case Scope::strict: break;
  }
  return "(sealing for " + label + ", strict)";
}

/// "FILE" or "KEY=FILE", as in kubectl; the key is of no use here.
std::string from_file_path(const std::string& argument) {
  const auto equals = argument.find('=');
  return equals == std::string::npos ? argument : argument.substr(equals + 1);
}

Result<SecretBuffer> raw_value(const Options& options) {
  if (options.from_files.empty()) {
    Options standard_input = options;
    standard_input.input_file.clear();  // --secret-file is for whole Secrets
    const HiddenTyping hidden;
    return read_input(standard_input, "a secret to seal");
  }
  if (options.from_files.size() > 1) {
    return Error{Errc::invalid_input,
                 "must provide only one --from-file when encrypting a single item with --raw"};
  }
  const auto path = from_file_path(options.from_files.front());
  if (path == "-") return read_descriptor(STDIN_FILENO, "standard input", limits::input_bytes_max);
  return read_file(path, limits::input_bytes_max);
}

/// An empty value is seldom meant: a pipeline whose first part failed gives one.
Result<void> check_not_empty(const Options& options, const SecretBuffer& value) {
  if (!value.empty() || options.allow_empty_data) return {};
  if (!options.input_file.empty() && options.from_files.empty()) {
    return Error{Errc::invalid_input,
                 "standard input is empty, and --raw does not read " + quoted(options.input_file)}
        .hint("--from-file " + options.input_file + " seals the text of that file")
        .hint("a whole Secret is sealed without --raw");
  }
  warn("the value is empty (--allow-empty-data: that is meant)");
  return {};
}

}  // namespace

Result<void> seal_raw_value(const Options& options) {
  auto key = sealing_key(options);
  if (!key) return key.error();
  auto label = raw_label(options);
  if (!label) return label.error();
  tell_terminal(place_told(options, *label));
  auto value = raw_value(options);
  if (!value) return value.error();
  if (auto checked = check_not_empty(options, *value); !checked) return checked;
  if (value->expose_secret_text().ends_with('\n'))
    warn_terminal(
        "the value ends with a line break, which is sealed with it (printf %s, not echo)");
  if (value->expose_secret_text().starts_with("ENC[AES256_GCM,"))
    warn("the value is encrypted by SOPS, and is sealed as it is (sops -d prints what is in it)");
  auto sealed = seal_item(value->expose_secret(), *key, *label);
  if (!sealed) return sealed.error();

  Output output(options, Output::Content::shareable);
  if (auto printed = output.print(*sealed); !printed) return printed;
  return output.commit();
}

}  // namespace bulla::sealer
