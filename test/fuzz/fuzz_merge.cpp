// SPDX-License-Identifier: Apache-2.0
// Merging into a file of YAML or JSON: every byte outside of what is merged stays, and the file
// reads as the merged object among the others.
#include <algorithm>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "fuzz/check.hpp"
#include "resource/document.hpp"
#include "resource/objects.hpp"
#include "resource/rewrite.hpp"

namespace {

using namespace bulla;

constexpr std::string_view new_value = "AgNew+/ciphertext==";

/// What two texts do not have in common at their ends.
struct Difference {
  std::string_view gone;
  std::string_view come;
};
Difference difference(std::string_view before, std::string_view after) {
  const auto most = std::min(before.size(), after.size());
  std::size_t start = 0;
  while (start < most && before[start] == after[start]) ++start;
  std::size_t end = 0;
  while (end < most - start && before[before.size() - 1 - end] == after[after.size() - 1 - end])
    ++end;
  return {before.substr(start, before.size() - start - end),
          after.substr(start, after.size() - start - end)};
}

/// `text` behind an empty map, or a word for nothing, at its front.
std::string_view behind_nothing(std::string_view text) {
  text = trim(text);
  for (const std::string_view word : {"~", "null", "Null", "NULL", "{}", "{ }"}) {
    if (text.starts_with(word)) return trim(text.substr(word.size()));
  }
  return text;
}

bool is_simple(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

std::string letters_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) out += c;
  }
  return out;
}

/// Applies one change to one document, and checks what became of the rest.
std::optional<std::string> rewritten(std::string_view text, const std::vector<Document>& documents,
                                     std::size_t index, const SealedSecret& before,
                                     const SealedSecret& after) {
  const Rewrite change{index, &before, &after};
  const auto result = rewrite_documents(text, documents, {&change, 1}, Layout::kept);
  if (!result) return std::nullopt;
  const auto edited = result->expose_secret_text();
  const auto& document = documents[index];

  const auto found = read_documents(edited);
  FUZZ_CHECK(found.has_value());
  FUZZ_CHECK(found->size() == documents.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (i != index) FUZZ_CHECK((*found)[i].value == documents[i].value);
  }
  const auto again = SealedSecret::from_json((*found)[index].value, (*found)[index].scalars);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->to_json() == after.to_json());

  const bool is_yaml = document.scalars == Scalars::become_text;
  if (is_yaml || documents.size() > 1) {
    FUZZ_CHECK(edited.starts_with(text.substr(0, document.offset)));
    FUZZ_CHECK(edited.ends_with(text.substr(document.offset + document.size)));
  }
  if (!is_yaml) return std::nullopt;
  return std::string(edited);
}

/// A new item takes nothing away but an empty map, or a word for none, that it goes into.
void check_addition(std::string_view text, const std::vector<Document>& documents,
                    std::size_t index, const SealedSecret& before) {
  auto after = before;
  if (!after.encrypted_data.emplace("zz-new", new_value).second) return;
  const auto edited = rewritten(text, documents, index, before, after);
  if (!edited) return;
  const auto [gone, come] = difference(text, *edited);
  FUZZ_CHECK(gone.empty() || come.find(behind_nothing(gone)) != come.npos);
}

/// A replaced item takes its own old text away, with its quotes or its block's marks, and no
/// comment.
void check_replacement(std::string_view text, const std::vector<Document>& documents,
                       std::size_t index, const SealedSecret& before) {
  for (const auto& [item, old] : before.encrypted_data) {
    auto after = before;
    after.encrypted_data[item] = new_value;
    const auto edited = rewritten(text, documents, index, before, after);
    if (!edited || old.empty() || !is_simple(old)) continue;
    const auto [gone, come] = difference(text, *edited);
    // A tag, an anchor, an alias or an escape may stand for the value.
    if (gone.find_first_of("!&*\\") != gone.npos) continue;
    if (const auto comment = gone.find('#'); comment != gone.npos) {
      FUZZ_CHECK(come.find(gone.substr(comment, gone.find_first_of("\r\n", comment) - comment)) !=
                 come.npos);
    } else {
      FUZZ_CHECK(letters_of(old).find(letters_of(gone)) != std::string::npos);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  const auto documents = read_documents(text);
  if (!documents) return 0;
  for (std::size_t i = 0; i < documents->size(); ++i) {
    const auto before = SealedSecret::from_json((*documents)[i].value, (*documents)[i].scalars);
    if (!before) continue;
    check_addition(text, *documents, i, *before);
    check_replacement(text, *documents, i, *before);
  }
  return 0;
}
