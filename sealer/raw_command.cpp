// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/limits.hpp"
#include "resource/seal.hpp"
#include "sealer/certificate_source.hpp"
#include "sealer/cluster.hpp"
#include "sealer/commands.hpp"
#include "sealer/io.hpp"

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
  return seal_label(options.scope, *namespace_, options.name);
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
    return read_input(standard_input, "a secret to seal");
  }
  if (options.from_files.size() > 1) {
    return Error{Errc::invalid_input,
                 "must provide only one --from-file when encrypting a single item with --raw"};
  }
  return read_file(from_file_path(options.from_files.front()), limits::input_bytes_max);
}

}  // namespace

Result<void> seal_raw_value(const Options& options) {
  auto key = sealing_key(options);
  if (!key) return key.error();
  auto label = raw_label(options);
  if (!label) return label.error();
  auto value = raw_value(options);
  if (!value) return value.error();
  auto sealed = seal_item(value->expose_secret(), *key, *label);
  if (!sealed) return sealed.error();

  Output output(options, Output::Content::shareable);
  if (auto printed = output.print(*sealed); !printed) return printed;
  return output.commit();
}

}  // namespace bulla::sealer
