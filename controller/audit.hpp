// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bulla {

/// One line of the log for each try to open a SealedSecret: what, with which keys, how it ended.
/// Names only, never values.
struct UnsealAudit {
  std::string object = {};  ///< namespace/name
  std::string uid = {};
  std::int64_t generation = 0;
  std::string items = {};         ///< names, with commas between; cut when they are very many
  std::string keys = {};          ///< fingerprints, the same way; empty when it did not open
  std::string_view outcome = {};  ///< "unsealed", "cannot decrypt" or "invalid"

  /// Of `sealed`, without keys and outcome.
  [[nodiscard]] static UnsealAudit of(const boost::json::value& sealed);
  void write() const;
};

/// The texts with commas between, at most `bytes_max` bytes; "..." stands for the rest.
[[nodiscard]] std::string join_some(const std::vector<std::string_view>& texts,
                                    std::size_t bytes_max);

}  // namespace bulla
