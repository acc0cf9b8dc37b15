// SPDX-License-Identifier: Apache-2.0
#include "sealer/sealed_input.hpp"

#include <boost/json/object.hpp>

#include "resource/scope.hpp"

namespace bulla::sealer {

namespace {

Result<void> check_kind(const boost::json::object& object) {
  const auto kind = metadata_text(object, "kind");
  if (!kind.empty() && kind != SealedSecret::kind)
    return Error{Errc::invalid_input, "expected a SealedSecret, found a " + std::string(kind)};
  const auto version = metadata_text(object, "apiVersion");
  if (!version.empty() && version != SealedSecret::api_version) {
    return Error{Errc::invalid_input, "a SealedSecret of version " + quoted(version) +
                                          ", but only " + std::string(SealedSecret::api_version) +
                                          " is known"};
  }
  return {};
}

}  // namespace

Result<SealedSecret> sealed_secret_of(const Document& document, const std::string& name) {
  if (const auto* object = document.value.if_object()) {
    if (auto checked = check_kind(*object); !checked)
      return std::move(checked).error().during(name);
  }
  auto sealed = SealedSecret::from_json(document.value, document.scalars);
  if (!sealed) return std::move(sealed).error().during(name);
  return sealed;
}

}  // namespace bulla::sealer
