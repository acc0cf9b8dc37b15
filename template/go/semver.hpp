// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "template/go/quoting.hpp"

// Semantic versions and constraints on them, as Masterminds/semver (3.4) reads and compares them.
namespace bulla::tmpl::go {

struct Version {
  std::uint64_t major = 0, minor = 0, patch = 0;
  SecretBuffer prerelease;
  SecretBuffer metadata;
  SecretBuffer original;  ///< as it was written: "v1.2" for 1.2.0

  [[nodiscard]] Version clone() const;
  [[nodiscard]] SecretBuffer to_text() const;
  /// Negative, 0 or positive. Metadata plays no part.
  [[nodiscard]] int compare(const Version& other) const;

  // The next versions; each drops prerelease and metadata.
  [[nodiscard]] Version next_major() const;
  [[nodiscard]] Version next_minor() const;
  /// Of a prerelease: its release.
  [[nodiscard]] Version next_patch() const;
  // With another part. Errors: invalid_input with Go's words, which quote nothing.
  [[nodiscard]] Result<Version> with_prerelease(std::string_view text) const;
  [[nodiscard]] Result<Version> with_metadata(std::string_view text) const;
};

/// A version in full or in part ("1", "v1.2"). Errors: invalid_input with Go's words, which quote a
/// number that is too large, if allowed.
[[nodiscard]] Result<Version> parse_version(std::string_view text, Quoting quoting);

/// Whether `version` satisfies `constraint`: alternatives ("||") of conditions (">=1.2, <2").
/// Errors: invalid_input with Go's words, which quote the constraint, if allowed.
[[nodiscard]] Result<bool> satisfies(const Version& version, std::string_view constraint,
                                     Quoting quoting);

/// Orders two prereleases, "" being lower than others here.
[[nodiscard]] int compare_prereleases(std::string_view a, std::string_view b);

}  // namespace bulla::tmpl::go
