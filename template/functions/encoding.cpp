// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"
#include "template/functions/common.hpp"
#include "template/go/base32.hpp"

namespace bulla::tmpl {
namespace {

Result<Value> encode_64(Context&, Arguments arguments) {
  return Value::string(encode_base64_secret(as_bytes(arguments[0].as_text())));
}
Result<Value> encode_32(Context&, Arguments arguments) {
  return Value::string(go::encode_base32(arguments[0].as_text()));
}

/// sprig gives out the error as if it were the text.
Value text_or_error(Result<SecretBuffer> text) {
  if (!text) return Value::string(text.error().message);
  return Value::string(std::move(*text));
}
Result<Value> decode_64(Context&, Arguments arguments) {
  return text_or_error(decode_base64_secret(arguments[0].as_text()));
}
Result<Value> decode_32(Context&, Arguments arguments) {
  return text_or_error(go::decode_base32(arguments[0].as_text()));
}

constexpr Function table[] = {
    {"b32dec", {Type::string}, decode_32},
    {"b32enc", {Type::string}, encode_32},
    {"b64dec", {Type::string}, decode_64},
    {"b64enc", {Type::string}, encode_64},
};

}  // namespace

std::span<const Function> encoding_functions() noexcept { return table; }

}  // namespace bulla::tmpl
