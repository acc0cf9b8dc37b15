// SPDX-License-Identifier: Apache-2.0
#include "resource/document.hpp"

#include <algorithm>
#include <boost/json/parse_options.hpp>
#include <boost/json/stream_parser.hpp>
#include <charconv>
#include <optional>

#include "base/limits.hpp"
#include "base/reading_budget.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "base/yaml_lines.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

constexpr std::string_view white_space = " \t\r\n";

/// A piece of the input between two `---` lines, its own one included.
struct Piece {
  std::string_view text;
  std::size_t line = 1;
  std::size_t offset = 0;
};

std::size_t count_lines(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

/// Only comments and %directives: belongs to the document that follows.
bool is_prologue(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto content = trim(without_byte_order_mark(text.substr(0, end)));
    if (!content.empty() && content.front() != '#' && content.front() != '%') return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

std::vector<Piece> split_documents(std::string_view text, ReadingBudget& budget) {
  std::vector<Piece> pieces;
  std::size_t start = 0;
  std::size_t start_line = 1;
  std::size_t line_number = 1;
  for (std::size_t at = 0; at < text.size(); ++line_number) {
    const auto end = std::min(text.find('\n', at), text.size());
    const bool starts_document =
        is_yaml_separator(without_byte_order_mark(text.substr(at, end - at)));
    if (starts_document && !is_prologue(text.substr(start, at - start))) {
      budget.keep(growing_bytes<Piece>);
      pieces.push_back({text.substr(start, at - start), start_line, start});
      start = at;
      start_line = line_number;
    }
    at = end + 1;
  }
  pieces.push_back({text.substr(start), start_line, start});
  return pieces;
}

/// Without the `---` in front, and byte order marks before and behind it.
std::string_view content_of(std::string_view piece) {
  piece = without_byte_order_mark(piece);
  if (!is_yaml_separator(piece.substr(0, piece.find('\n')))) return piece;
  piece.remove_prefix(3);
  const auto start = std::min(piece.find_first_not_of(white_space), piece.size());
  const auto behind = piece.substr(start);
  return behind.starts_with(byte_order_mark) ? without_byte_order_mark(behind) : piece;
}

struct JsonValue {
  json::value value;
  std::size_t size = 0;  // bytes read
};

/// The UTF-16 unit of the escape (backslash, u, four digits) at the front of `text`.
std::optional<unsigned> utf16_escape(std::string_view text) {
  constexpr std::size_t size = 6;
  if (text.size() < size || !text.starts_with("\\u")) return std::nullopt;
  unsigned unit = 0;
  const auto* const end = text.data() + size;
  const auto read = std::from_chars(text.data() + 2, end, unit, 16);
  return read.ptr == end ? std::optional(unit) : std::nullopt;
}

/// JSON with U+FFFD for escapes that are half of a surrogate pair, as Go's encoding/json reads
/// them: of the same size as `text`. Empty when there are none, as nearly always.
SecretBuffer without_lone_surrogates(std::string_view text) {
  constexpr std::size_t escape_size = 6;
  const auto in = [](std::optional<unsigned> unit, unsigned first, unsigned last) {
    return unit && *unit >= first && *unit <= last;
  };
  SecretBuffer mended;
  std::size_t kept = 0;
  for (auto at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
    const auto unit = utf16_escape(text.substr(at));
    if (!in(unit, 0xD800, 0xDFFF)) {
      at += 2;  // whatever is escaped, a backslash perhaps
    } else if (in(unit, 0xD800, 0xDBFF) &&
               in(utf16_escape(text.substr(at + escape_size)), 0xDC00, 0xDFFF)) {
      at += 2 * escape_size;
    } else {
      mended.append(text.substr(kept, at - kept));
      mended.append("\\ufffd");
      kept = at += escape_size;
    }
  }
  if (kept > 0) mended.append(text.substr(kept));
  return mended;
}

/// The JSON value at the front of `text`, or nothing if it is not JSON.
std::optional<JsonValue> take_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = limits::depth_max;
  json::stream_parser parser(wiping_storage(), options);
  parser.reset(wiping_storage());  // the above is for the parser's own memory alone
  boost::system::error_code failed;
  const auto size = parser.write_some(text.data(), text.size(), failed);
  if (failed) return std::nullopt;
  if (!parser.done()) parser.finish(failed);
  if (failed) return std::nullopt;
  return JsonValue{parser.release(), size};
}

/// Reads the pieces of one input into documents, within the input's rules and budget.
class DocumentReader {
 public:
  DocumentReader(ReadingBudget& budget, const DocumentRules& rules)
      : budget_(budget), rules_(rules) {}

  Result<void> append(const Piece& piece) {
    if (!is_json(piece)) return append_yaml(piece);
    const auto was_json = append_json(piece);
    if (!was_json) return was_json.error();
    return *was_json ? Result<void>() : append_yaml(piece);
  }
  [[nodiscard]] std::vector<Document> documents() && { return std::move(documents_); }

 private:
  [[nodiscard]] static bool is_json(const Piece& piece) {
    return trim(content_of(piece.text)).starts_with('{');
  }

  /// Whether the piece was nothing but JSON maps, one after another. If not, it is YAML, and none
  /// of it is appended.
  Result<bool> append_json(const Piece& piece) {
    const auto before = documents_.size();
    const auto not_json = [&] {
      documents_.erase(documents_.begin() + static_cast<std::ptrdiff_t>(before), documents_.end());
      return Result<bool>(false);
    };
    const auto content = content_of(piece.text);
    const auto skipped = static_cast<std::size_t>(content.data() - piece.text.data());
    const auto mended = without_lone_surrogates(content);
    auto rest = mended.empty() ? content : mended.expose_secret_text();
    auto line = piece.line + count_lines(piece.text.substr(0, skipped));
    for (;;) {
      const auto start = std::min(rest.find_first_not_of(white_space), rest.size());
      line += count_lines(rest.substr(0, start));
      rest.remove_prefix(start);
      if (rest.empty()) return true;
      if (rest.front() != '{') return not_json();
      auto next = take_json(rest);
      if (!next) return not_json();
      const auto offset = piece.offset + skipped + content.size() - rest.size();
      const auto size = trim(rest.substr(0, next->size)).size();  // the parser eats what is blank
      const bool follows = documents_.size() > before;
      auto kept =
          keep({std::move(next->value), line, Scalars::keep_their_kind, offset, size, follows});
      if (!kept) return kept.error();
      line += count_lines(rest.substr(0, next->size));
      rest.remove_prefix(next->size);
    }
  }

  Result<void> append_yaml(const Piece& piece) {
    auto values = read_yaml(piece.text, piece.line, budget_, rules_.aliases);
    if (!values) return values.error();
    for (auto& value : *values) {
      if (value.is_null()) continue;
      auto kept = keep(
          {std::move(value), piece.line, Scalars::become_text, piece.offset, piece.text.size()});
      if (!kept) return kept;
    }
    return {};
  }

  Result<void> keep(Document document) {
    if (documents_.size() >= rules_.documents_max) {
      return Error{Errc::invalid_input,
                   "more than " + std::to_string(rules_.documents_max) + " documents"};
    }
    budget_.keep(growing_bytes<Document>);
    documents_.push_back(std::move(document));
    return {};
  }

  ReadingBudget& budget_;
  DocumentRules rules_;
  std::vector<Document> documents_;
};

Error not_utf8(std::string_view text) {
  std::size_t at = 0;
  for (std::size_t size = 1; at < text.size() && decode_utf8(text.substr(at), size); at += size) {
  }
  return {Errc::invalid_input,
          "line " + std::to_string(1 + count_lines(text.substr(0, at))) + ": not valid UTF-8"};
}

}  // namespace

Result<std::vector<Document>> read_documents(std::string_view text, const DocumentRules& rules) {
  const std::size_t mark = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  text.remove_prefix(mark);
  if (!is_valid_utf8(text)) return not_utf8(text);

  ReadingBudget budget(text.size(), rules.reading_bytes_max);
  const AllocationBudget::Scope scope(budget.memory());
  std::size_t line = 1;
  try {
    DocumentReader reader(budget, rules);
    for (auto& piece : split_documents(text, budget)) {
      piece.offset += mark;
      line = piece.line;
      if (auto appended = reader.append(piece); !appended) return appended.error();
    }
    return std::move(reader).documents();
  } catch (const AllocationBudget::Exceeded&) {
    return budget.exceeded().during("line " + std::to_string(line));
  }
}

}  // namespace bulla
