// SPDX-License-Identifier: Apache-2.0
#include "resource/document.hpp"

#include <algorithm>
#include <boost/json/parse_options.hpp>
#include <boost/json/stream_parser.hpp>
#include <optional>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"

namespace bulla {

namespace json = boost::json;

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
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

/// `---` at the start of a line, followed by white space or nothing, begins a document, whatever
/// stands around it: neither a block scalar nor a quoted one can hold it (YAML 1.1, section 9.1).
bool is_separator(std::string_view line) {
  return line.starts_with("---") &&
         (line.size() == 3 || white_space.find(line[3]) != white_space.npos);
}

/// Only comments and %directives: belongs to the document that follows.
bool is_prologue(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    const auto content = trim(line);
    if (!content.empty() && content.front() != '#' && content.front() != '%') return false;
  }
  return true;
}

std::vector<Piece> split_documents(std::string_view text) {
  std::vector<Piece> pieces;
  std::size_t start = 0;
  std::size_t start_line = 1;
  std::size_t line_number = 1;
  for (std::size_t at = 0; at < text.size(); ++line_number) {
    const auto end = std::min(text.find('\n', at), text.size());
    const bool starts_document = is_separator(text.substr(at, end - at));
    if (starts_document && !is_prologue(text.substr(start, at - start))) {
      pieces.push_back({text.substr(start, at - start), start_line, start});
      start = at;
      start_line = line_number;
    }
    at = end + 1;
  }
  pieces.push_back({text.substr(start), start_line, start});
  return pieces;
}

/// Without the `---` (and comments on that line) in front.
std::string_view content_of(std::string_view piece) {
  const auto first_line = piece.substr(0, piece.find('\n'));
  if (!is_separator(first_line)) return piece;
  return piece.substr(3);
}

struct JsonValue {
  json::value value;
  std::size_t size = 0;  // bytes read
};

/// The JSON value at the front of `text`, or nothing if it is not JSON.
std::optional<JsonValue> take_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = limits::depth_max;
  json::stream_parser parser(wiping_storage(), options);
  boost::system::error_code failed;
  const auto size = parser.write_some(text.data(), text.size(), failed);
  if (failed) return std::nullopt;
  if (!parser.done()) parser.finish(failed);
  if (failed) return std::nullopt;
  return JsonValue{parser.release(), size};
}

/// A piece that is nothing but JSON maps, one after another; nothing if it is not.
std::optional<std::vector<Document>> read_json(const Piece& piece) {
  auto rest = content_of(piece.text);
  std::vector<Document> found;
  std::size_t line = piece.line;
  for (;;) {
    const auto start = std::min(rest.find_first_not_of(white_space), rest.size());
    line += count_lines(rest.substr(0, start));
    rest.remove_prefix(start);
    if (rest.empty()) return found;
    if (rest.front() != '{') return std::nullopt;
    auto next = take_json(rest);
    if (!next) return std::nullopt;
    const auto offset = piece.offset + static_cast<std::size_t>(rest.data() - piece.text.data());
    const auto size = trim(rest.substr(0, next->size)).size();  // the parser eats what is blank
    found.push_back(
        {std::move(next->value), line, Scalars::keep_their_kind, offset, size, !found.empty()});
    line += count_lines(rest.substr(0, next->size));
    rest.remove_prefix(next->size);
  }
}

Result<void> append_piece(std::vector<Document>& documents, const Piece& piece) {
  if (auto found = read_json(piece)) {
    std::ranges::move(*found, std::back_inserter(documents));
    return {};
  }
  auto values = read_yaml(piece.text, piece.line);
  if (!values) return values.error();
  for (auto& value : *values) {
    if (value.is_null()) continue;
    documents.push_back(
        {std::move(value), piece.line, Scalars::become_text, piece.offset, piece.text.size()});
  }
  return {};
}

Error not_utf8(std::string_view text) {
  std::size_t at = 0;
  for (std::size_t size = 1; at < text.size() && decode_utf8(text.substr(at), size); at += size) {
  }
  return {Errc::invalid_input,
          "line " + std::to_string(1 + count_lines(text.substr(0, at))) + ": not valid UTF-8"};
}

}  // namespace

Result<std::vector<Document>> read_documents(std::string_view text) {
  const std::size_t mark = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  text.remove_prefix(mark);
  if (!is_valid_utf8(text)) return not_utf8(text);

  std::vector<Document> documents;
  for (auto& piece : split_documents(text)) {
    piece.offset += mark;
    if (auto appended = append_piece(documents, piece); !appended) return appended.error();
    if (documents.size() > limits::documents_max) {
      return Error{Errc::invalid_input,
                   "more than " + std::to_string(limits::documents_max) + " documents"};
    }
  }
  return documents;
}

}  // namespace bulla
