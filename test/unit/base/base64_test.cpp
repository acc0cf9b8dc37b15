// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include <doctest/doctest.h>

namespace bulla::test {

TEST_CASE("base64 is read by Go's rules, and errors name Go's byte") {
  // from = Go's encoding/base64, StdEncoding
  struct Case {
    std::string_view text;
    const char* decoded;  ///< null: an error
    int error_at;
  };
  const Case cases[] = {
      {"", "", 0},
      {"YQ==", "a", 0},
      {"YWI=", "ab", 0},
      {"YWJj", "abc", 0},
      {"YW\r\nJj\n", "abc", 0},
      {"Y\nQ=\n=\n", "a", 0},
      {"YR==", "a", 0},   // padding bits that are not zero
      {"YWJ=", "ab", 0},  // the same
      {"!!not base64!!", nullptr, 0},
      {"YW Jj", nullptr, 2},
      {"YWJ", nullptr, 0},
      {"YWJjYWI", nullptr, 4},
      {"YW-j", nullptr, 2},
      {"YQ=", nullptr, 3},
      {"YQ=a", nullptr, 3},
      {"Y===", nullptr, 1},
      {"=", nullptr, 0},
      {"YQ==YQ==", nullptr, 4},
      {"YWJj=", nullptr, 4},
      // OpenSSL, which reads what is no secret, would take these.
      {"Y=Jj", nullptr, 1},
      {"=WJj", nullptr, 0},
      {"YW=j", nullptr, 3},
      {" YWJjYW", nullptr, 0},
      {"YWJjYWI-", nullptr, 7},
      {"YWJjYWI ", nullptr, 7},
      {"YWJj----", nullptr, 4},
      {"====", nullptr, 0},
      {"YWJjY===", nullptr, 5},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto secret = decode_base64_secret(c.text);
    const auto plain = decode_base64(c.text);
    REQUIRE(secret.has_value() == (c.decoded != nullptr));
    REQUIRE(plain.has_value() == (c.decoded != nullptr));
    if (c.decoded != nullptr) {
      CHECK(secret->expose_secret_text() == c.decoded);
      CHECK(as_text(*plain) == c.decoded);
    } else {
      CHECK(secret.error().message ==
            "illegal base64 data at input byte " + std::to_string(c.error_at));
      CHECK(plain.error().message == secret.error().message);
      CHECK(plain.error().code == Errc::invalid_input);
    }
  }
}

TEST_CASE("base64 of every length goes there and back") {
  for (std::size_t size = 0; size < 100; ++size) {
    CAPTURE(size);
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + 200);
    const auto text = encode_base64(bytes);
    CHECK(text.size() == (size + 2) / 3 * 4);
    CHECK(decode_base64(text).value() == bytes);
    CHECK(encode_base64_secret(bytes).expose_secret_text() == text);
    std::string appended = "x";
    append_base64(appended, bytes);
    CHECK(appended == "x" + text);
    CHECK(encode_base64_unpadded(bytes) == text.substr(0, text.find('=')));
  }
}

}  // namespace bulla::test
