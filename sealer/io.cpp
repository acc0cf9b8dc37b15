// SPDX-License-Identifier: Apache-2.0
#include "sealer/io.hpp"

#include <unistd.h>

#include <array>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "sealer/explain_input.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

Result<Format> output_format(const Options& options) {
  if (options.output_file.ends_with(".yaml") || options.output_file.ends_with(".yml"))
    return Format::yaml;
  const auto name = to_lower(options.format);
  if (name == "json" || name.empty()) return Format::json;
  if (name == "yaml") return Format::yaml;
  return Error{Errc::invalid_input, "unsupported output format: " + options.format}.hint(
      name == "yml" ? "did you mean yaml?" : "use json or yaml");
}

std::string input_name(const Options& options) {
  return options.input_file.empty() ? "standard input" : options.input_file;
}

Result<SecretBuffer> read_input(const Options& options, std::string_view expected) {
  if (!options.input_file.empty()) return read_file(options.input_file, limits::input_bytes_max);
  if (::isatty(STDIN_FILENO) == 1)
    tell_terminal("(waiting for " + std::string(expected) + " on standard input)");
  return read_descriptor(STDIN_FILENO, "standard input", limits::input_bytes_max);
}

Result<std::vector<Document>> read_input_documents(const Options& options) {
  auto text = read_input(options, "a Kubernetes object in JSON or YAML");
  if (!text) return text.error();
  auto documents = read_documents(text->expose_secret_text());
  if (!documents)
    return with_kind_of_text(std::move(documents).error(), text->expose_secret_text())
        .during(input_name(options));
  for (const auto& document : *documents) {
    const auto joined = joined_documents(input_name(options), text->expose_secret_text(), document);
    if (!joined.empty()) warn(joined);
  }
  return documents;
}

SecretBuffer printed(const boost::json::value& object, Format format) {
  return format == Format::yaml ? print_yaml(object) : print_json(object);
}

namespace {

/// Where a DEL or a C1 control begins in UTF-8 text; npos: nowhere.
std::size_t find_control(std::string_view text) {
  for (auto at = text.find_first_of("\x7F\xC2"); at != std::string_view::npos;
       at = text.find_first_of("\x7F\xC2", at + 1)) {
    if (text[at] == '\x7F') return at;
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    const bool ends_line = next == 0x85;  // in YAML, where an escape would be part of the line
    if (next >= 0x80 && next < 0xA0 && !ends_line) return at;
  }
  return std::string_view::npos;
}

/// The text with JSON's escapes for those. Documents that stay as they are may hold them, but in
/// JSON's strings alone, where it means the same: YAML's reader refuses them.
SecretBuffer without_controls(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  SecretBuffer out;
  for (auto at = find_control(text); at != std::string_view::npos; at = find_control(text)) {
    const auto last = text[at] == '\x7F' ? at : at + 1;
    const auto code = static_cast<unsigned char>(text[last]);
    const std::array<char, 6> escape{'\\', 'u', '0', '0', hex[code >> 4U], hex[code & 15U]};
    out.append(text.substr(0, at));
    out.append({escape.data(), escape.size()});
    text.remove_prefix(last + 1);
  }
  out.append(text);
  return out;
}

Result<void> print_to_standard_output(std::string_view text) {
  constexpr const char* name = "standard output";
  if (find_control(text) == std::string_view::npos)
    return write_descriptor(STDOUT_FILENO, name, text);
  return write_descriptor(STDOUT_FILENO, name, without_controls(text).expose_secret_text());
}

}  // namespace

Output::Output(const Options& options, Content content)
    : file_(options.output_file == "-" ? "" : options.output_file), content_(content) {}

Result<void> Output::lock() {
  if (file_.empty() || lock_.is_held()) return {};
  const auto waiting = [&] { warn("waiting for another program, which is changing " + file_); };
  auto lock = FileLock::take(file_, {.waiting = waiting});
  if (!lock) return lock.error();
  lock_ = std::move(*lock);
  return {};
}

Result<void> Output::lock_if_read(const std::string& input) {
  const bool is_read = !file_.empty() && !input.empty() && is_same_file(file_, input);
  return is_read ? lock() : Result<void>();
}

Result<void> Output::print(std::string_view text) {
  if (file_.empty()) return print_to_standard_output(text);
  pending_.append(text);
  return {};
}

Result<void> Output::commit() {
  if (file_.empty()) return {};
  const auto text = pending_.expose_secret_text();
  // Whose file it was does not matter then, and somebody else's lock must not either.
  if (content_ == Content::plaintext) return replace_secret_file(file_, text);
  if (auto locked = lock(); !locked) return locked;
  return replace_file(file_, text, 0666);
}

Result<void> Output::commit_over(std::string_view before) {
  if (!file_.empty()) {
    const auto now = read_file(file_, limits::input_bytes_max);
    if (!now) return now.error();
    if (now->expose_secret_text() != before) {
      return Error{Errc::conflict, file_ + " was changed by another program meanwhile"}.hint(
          "nothing was written: run kubeseal again");
    }
  }
  return commit();
}

}  // namespace bulla::sealer
