// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api_error.hpp"
#include "catalogue.hpp"
#include "timestamps.hpp"

namespace bulla::test {

/// The shape in which a client wants its objects.
enum class Form {
  full,
  metadata,  ///< PartialObjectMetadata(List): no spec, no data
  table,     ///< what `kubectl get` prints
};

/// Reads the Accept header as a real server does: the first entry that can be served wins, 406
/// when none can. `collection` is true for lists (a watch is not: its events hold objects).
[[nodiscard]] Answer<Form> negotiate(std::string_view accept, bool collection);

/// One page of a list.
struct Listing {
  std::vector<ObjectPtr> items;
  std::uint64_t version = 0;
  std::string continue_token;                 ///< empty on the last page
  std::optional<std::size_t> remaining = {};  ///< items after this page
};

/// An object in the wanted form. Table ages are counted to `now`.
[[nodiscard]] Json represent(Form form, const Resource& resource, const Json& object, WallTime now);

/// A whole list as JSON text. Text and not a Json, because copying ten thousand objects to
/// print them once would dominate the tests that list that many.
[[nodiscard]] std::string list_text(Form form, const Resource& resource, const Listing& listing,
                                    WallTime now);

}  // namespace bulla::test
