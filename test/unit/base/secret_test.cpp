// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <concepts>
#include <ostream>
#include <string>

#include "base/base64.hpp"
#include "base/log.hpp"
#include "unit/memory_watch.hpp"

namespace bulla::test {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

template <class T>
constexpr bool is_kept_secret =
    !std::copy_constructible<T> && !std::is_copy_assignable_v<T> &&
    std::is_nothrow_move_constructible_v<T> && !Streamable<T> &&
    !std::constructible_from<std::string, T> && !std::constructible_from<std::string_view, T> &&
    !std::convertible_to<T, std::string_view> && !std::constructible_from<boost::json::value, T> &&
    !std::constructible_from<LogField, std::string_view, T> &&
    !std::constructible_from<LogField, std::string_view, const T&>;
static_assert(is_kept_secret<SecretBytes>);
static_assert(is_kept_secret<SecretBuffer>);

namespace {
constexpr std::string_view marker = "0123456789-marker-9876543210";
}  // namespace

TEST_CASE("a watch on freed memory sees what an ordinary string leaves behind") {
  const MemoryWatch watch(marker);
  { const std::string plain(marker); }
  CHECK(watch.leaks() == 1);
}

TEST_CASE("secret buffers leave nothing on the heap") {
  const MemoryWatch watch(marker);
  {
    auto buffer = SecretBuffer::copy_of(marker);
    buffer.reserve(10'000);  // moves the bytes
    auto other = buffer.clone();
    other = std::move(buffer);
    other.append(marker);
    for (int i = 0; i < 1000; ++i) other.append("-more-");
    const auto again =
        decode_base64_secret(encode_base64_secret(other.expose_secret()).expose_secret_text());
    CHECK(*again == other);
  }
  CHECK(watch.leaks() == 0);
}

TEST_CASE("JSON in wiping memory leaves nothing on the heap") {
  const MemoryWatch watch(marker);
  {
    auto text = SecretBuffer::copy_of("{\"a\":[\"" + std::string(2, 'x') + "\"]}");
    auto value =
        boost::json::parse(text.expose_secret_text(), boost::json::storage_ptr(wiping_memory()));
    value.as_object()["secret"] = marker;
    for (int i = 0; i < 100; ++i) value.as_object()[std::to_string(i)] = marker;
    CHECK(value.at("secret").as_string() == marker);
  }
  CHECK(watch.leaks() == 0);
}

TEST_CASE("what resize cuts off is zero at once") {
  auto buffer = SecretBuffer::copy_of(marker);
  const auto* start = buffer.expose_secret().data();
  buffer.resize(4);
  buffer.resize(marker.size());  // within the old storage
  REQUIRE(buffer.expose_secret().data() == start);
  const auto tail = buffer.expose_secret().subspan(4);
  CHECK(std::ranges::all_of(tail, [](std::uint8_t byte) { return byte == 0; }));
}

TEST_CASE("a moved-from secret is empty, and secrets compare by contents") {
  auto buffer = SecretBuffer::copy_of("abc");
  const auto moved = std::move(buffer);
  CHECK(buffer.empty());  // NOLINT(bugprone-use-after-move): this is what is tested
  CHECK(moved == SecretBuffer::copy_of("abc"));
  CHECK(!(moved == SecretBuffer::copy_of("abd")));
  CHECK(!(moved == SecretBuffer::copy_of("ab")));
  CHECK(SecretBuffer() == SecretBuffer(0));

  SecretBytes bytes(3);
  CHECK(std::ranges::all_of(bytes.expose_secret(), [](std::uint8_t byte) { return byte == 0; }));
  bytes.expose_secret()[0] = 1;
  const auto clone = bytes.clone();
  CHECK(clone == bytes);
  const SecretBytes taken = std::move(bytes);
  CHECK(bytes.size() == 0);  // NOLINT(bugprone-use-after-move)
  CHECK(taken == clone);
  CHECK(!(taken == SecretBytes(3)));
}

}  // namespace bulla::test
