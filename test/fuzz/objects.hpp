// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fuzz/check.hpp"
#include "resource/document.hpp"
#include "resource/objects.hpp"

namespace bulla::test {

/// What is printed of an object is read back as the same object.
template <class Object>
void check_round_trip(const Document& document) {
  const auto object = Object::from_json(document.value, document.scalars);
  if (!object) return;
  const auto printed = object->to_json();
  const auto again = Object::from_json(printed);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->to_json() == printed);
}

inline void check_objects(std::string_view text) {
  const auto documents = read_documents(text);
  if (!documents) return;
  for (const auto& document : *documents) {
    check_round_trip<Secret>(document);
    check_round_trip<SealedSecret>(document);
  }
}

}  // namespace bulla::test
