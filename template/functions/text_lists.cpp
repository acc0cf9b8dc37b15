// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "template/functions/common.hpp"
#include "template/go/strings.hpp"

// Values to texts, and texts to lists and back.
namespace bulla::tmpl {
namespace {

/// Joins texts, after asking whether that can be afforded.
Result<Value> joined(Context& context, const std::vector<Text>& texts, std::string_view separator) {
  std::size_t size = 0;
  for (const auto& text : texts) {
    size += text.view().size() + separator.size();
    if (auto affordable = context.afford_text(size); !affordable)
      return std::move(affordable).error();
  }
  SecretBuffer out;
  out.reserve(size);
  for (const auto& text : texts) {
    if (&text != texts.data()) out.append(separator);
    out.append(text.view());
  }
  return Value::string(std::move(out));
}

Result<Value> cat(Context& context, Arguments arguments) {
  std::vector<Text> texts;
  for (const auto& argument : arguments) {
    if (argument.is_nil()) continue;
    auto text = go_to_string(context, argument);
    if (!text) return std::move(text).error();
    texts.emplace_back(std::move(*text));
  }
  return joined(context, texts, " ");
}

Result<Value> quote(Context& context, Arguments arguments) {
  std::vector<Text> texts;
  for (const auto& argument : arguments) {
    if (argument.is_nil()) continue;
    auto text = text_of(context, argument);
    if (!text) return std::move(text).error();
    SecretBuffer quoted;
    append_go_quoted(quoted, text->view());
    texts.emplace_back(std::move(quoted));
  }
  return joined(context, texts, " ");
}

Result<Value> squote(Context& context, Arguments arguments) {
  std::vector<Text> texts;
  for (const auto& argument : arguments) {
    if (argument.is_nil()) continue;
    auto text = go_to_string(context, argument);
    if (!text) return std::move(text).error();
    SecretBuffer quoted;
    quoted.append("'");
    quoted.append(text->expose_secret_text());
    quoted.append("'");
    texts.emplace_back(std::move(quoted));
  }
  return joined(context, texts, " ");
}

Result<Value> to_string(Context& context, Arguments arguments) {
  auto text = text_of(context, arguments[0]);
  if (!text) return std::move(text).error();
  return Value::string(std::move(*text));
}

Result<Value> to_strings(Context& context, Arguments arguments) {
  if (arguments[0].type() == Type::string_list) return arguments[0];
  auto texts = texts_of(context, arguments[0]);
  if (!texts) return std::move(texts).error();
  return string_list(*texts);
}

Result<Value> join(Context& context, Arguments arguments) {
  auto texts = texts_of(context, arguments[1]);
  if (!texts) return std::move(texts).error();
  return joined(context, *texts, arguments[0].as_text());
}

Result<Value> sort_alpha(Context& context, Arguments arguments) {
  const auto& value = arguments[0];
  const bool several = is_list(value.type()) || value.type() == Type::bytes;
  // Alone, even a nil is a text here: "<nil>".
  auto texts = several ? texts_of(context, value) : Result<std::vector<Text>>(std::vector<Text>());
  if (!texts) return std::move(texts).error();
  if (!several) {
    auto text = text_of(context, value);
    if (!text) return std::move(text).error();
    texts->push_back(std::move(*text));
  }
  std::sort(texts->begin(), texts->end(), TextOrder());
  if (value.is_nil_container() && value.type() == Type::string_list) return value;
  return string_list(*texts);
}

/// The pieces, if a list of so many is affordable.
Result<std::optional<std::vector<std::string_view>>> pieces_of(Context& context,
                                                               std::string_view text,
                                                               std::string_view separator,
                                                               std::int64_t limit) {
  const auto pieces = go::count(text, separator) + 1;
  const auto expected = limit < 0 ? pieces : std::min(pieces, static_cast<std::size_t>(limit));
  if (auto affordable = context.afford_items(expected); !affordable)
    return std::move(affordable).error();
  return go::split_n(text, separator, limit);
}

Result<Value> split_list(Context& context, Arguments arguments) {
  auto pieces = pieces_of(context, arguments[1].as_text(), arguments[0].as_text(), -1);
  if (!pieces) return std::move(pieces).error();
  return string_list(*pieces);
}

/// A map from "_0", "_1"... to the pieces.
Result<Value> split_dict(Context& context, std::string_view text, std::string_view separator,
                         std::int64_t limit) {
  auto pieces = pieces_of(context, text, separator, limit);
  if (!pieces) return std::move(pieces).error();
  auto dict = context.new_dict(Type::string_dict);
  std::size_t index = 0;
  for (const auto piece : pieces->value_or(std::vector<std::string_view>()))
    dict->set("_" + std::to_string(index++), Value::string(piece));
  return Value::dict(std::move(dict));
}
Result<Value> split(Context& context, Arguments arguments) {
  return split_dict(context, arguments[1].as_text(), arguments[0].as_text(), -1);
}
Result<Value> splitn(Context& context, Arguments arguments) {
  return split_dict(context, arguments[2].as_text(), arguments[0].as_text(),
                    arguments[1].as_integer());
}

constexpr Function table[] = {
    {"cat", {{}, Type::any}, cat},
    {"join", {Type::string, Type::any}, join},
    {"quote", {{}, Type::any}, quote},
    {"sortAlpha", {Type::any}, sort_alpha},
    {"split", {Type::string, Type::string}, split},
    {"splitList", {Type::string, Type::string}, split_list},
    {"splitn", {Type::string, Type::int_, Type::string}, splitn},
    {"squote", {{}, Type::any}, squote},
    {"toString", {Type::any}, to_string},
    {"toStrings", {Type::any}, to_strings},
};

}  // namespace

std::span<const Function> text_list_functions() noexcept { return table; }

}  // namespace bulla::tmpl
