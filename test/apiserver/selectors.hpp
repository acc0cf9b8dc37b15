// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api_error.hpp"
#include "catalogue.hpp"
#include "json.hpp"

namespace bulla::test {

/// Which objects a list or a watch is about: `labelSelector` and `fieldSelector` together.
class Selector {
 public:
  /// Labels: `a`, `!a`, `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, joined by commas.
  /// Fields: `path=value`, `path==value`, `path!=value`; the paths a real server knows for the
  /// resource, any other is refused with its words (400).
  [[nodiscard]] static Answer<Selector> parse(std::string_view labels, std::string_view fields,
                                              const Resource& resource);

  [[nodiscard]] bool matches(const Json& object) const;
  [[nodiscard]] bool matches_all() const { return terms_.empty(); }

 private:
  struct Term {
    bool is_label;
    std::string key;                  ///< label key, or dotted field path
    bool wanted;                      ///< false for "must not"
    bool exists_only;                 ///< `a` and `!a`
    std::vector<std::string> values;  ///< one of these
  };
  [[nodiscard]] static bool holds(const Term& term, const Json& object);
  [[nodiscard]] static Answer<Term> label_term(std::string_view text);

  std::vector<Term> terms_;
};

}  // namespace bulla::test
