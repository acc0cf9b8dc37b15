// SPDX-License-Identifier: Apache-2.0
// No text makes any reader allocate more than a stated multiple of its size, whatever it holds:
// measured at malloc, libraries included. Every reader gets every text, also those of other kinds.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "kube/object.hpp"
#include "readers/allocation_meter.hpp"
#include "readers/readers.hpp"

namespace {

using namespace bulla;
using namespace bulla::test;

/// Sanitizers make readers twenty times slower: their builds get small texts, and hold them to more
/// than what is stated. Others get texts so large that small values, 36 bytes for each of their
/// own, would pass what is stated.
constexpr std::size_t text_bytes = BULLA_TEXT_BYTES;
constexpr std::size_t pem_bytes = std::min(text_bytes, limits::certificate_bytes_max);

/// What the densest text takes, while a list or map grows, where nothing is copied; YAML that is
/// edited is held three times. Less than what is stated, if the text is small.
std::size_t small_text_bytes_max(std::size_t bytes) { return limits::mib + 110 * bytes; }

/// `head`, so much of `unit` as fits, and `tail`. A `#` in the unit is a number that counts up.
std::string filled(std::string_view head, std::string_view unit, std::string_view tail,
                   std::size_t bytes = text_bytes) {
  std::string text(head);
  const auto mark = unit.find('#');
  for (std::size_t n = 0; text.size() + unit.size() + tail.size() + 8 < bytes; ++n) {
    if (mark == std::string_view::npos) {
      text.append(unit);
    } else {
      text.append(unit.substr(0, mark)).append(std::to_string(n)).append(unit.substr(mark + 1));
    }
  }
  return text.append(tail);
}

std::string times(std::size_t count, std::string_view unit) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text.append(unit);
  return text;
}

std::string test_file(const std::string& name) {
  const auto text = read_file(std::string(BULLA_TEST_DATA) + "/" + name, limits::mib);
  REQUIRE_MESSAGE(text.has_value(), name);
  return std::string(text->expose_secret_text());
}

/// Whether a text asks for copies of itself.
enum class Copies { no, yes };

std::size_t peak_of(const Reader& reader, std::string_view text) {
  const AllocationMeter meter;
  reader.read(text);
  return meter.peak_bytes();
}

struct Text {
  std::string_view name;
  std::function<std::string()> make;
  Copies copies = Copies::no;
};

std::string laughs() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const auto below = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below +
            times(9, ", " + below) + "]\n";
  }
  return text;
}

std::string nested_anchors() {
  std::string text = "a: ";
  for (int i = 0; i < 95; ++i) text += "&a" + std::to_string(i) + " [";
  return filled(text, "x, ", times(95, "]"));
}

const std::vector<Text>& nasty_texts() {
  static const std::string long_text(60'000, 'x');
  static const std::vector<Text> texts = {
      // JSON, most of it YAML too
      {"a list of digits", [] { return filled("[", "0,", "0]"); }},
      {"a map with a list of digits", [] { return filled("{\"a\":[", "0,", "0]}"); }},
      {"empty lists", [] { return filled("{\"a\":[", "[],", "0]}"); }},
      {"empty maps", [] { return filled("{\"a\":[", "{},", "0]}"); }},
      {"empty texts", [] { return filled("{\"a\":[", "\"\",", "0]}"); }},
      {"lists of one", [] { return filled("{\"a\":[", "[0],", "0]}"); }},
      {"maps of one", [] { return filled("{\"a\":[", "{\"\":0},", "0]}"); }},
      {"texts of 15 bytes", [] { return filled("{\"a\":[", "\"xxxxxxxxxxxxxxx\",", "0]}"); }},
      {"a map of many keys", [] { return filled("{", "\"#\":0,", "\"a\":0}"); }},
      {"a map of many texts", [] { return filled("{\"a\":{", "\"#\":\"\",", "\"a\":0}}"); }},
      {"the same key over and over", [] { return filled("{", "\"\":0,", "\"a\":0}"); }},
      {"managed fields", [] { return filled("{\"f:m\":{", "\"f:#\":{},", "\"a\":0}}"); }},
      {"a long text", [] { return filled("{\"a\":\"", "x", "\"}"); }},
      {"a long text of escapes", [] { return filled("{\"a\":\"", "\\n", "\"}"); }},
      {"a long text of escaped characters", [] { return filled("{\"a\":\"", "\\u00e9", "\"}"); }},
      {"halves of surrogate pairs", [] { return filled("{\"a\":\"", "\\ud800", "\"}"); }},
      {"a long key", [] { return filled("{\"", "x", "\":0}"); }},
      {"a huge number", [] { return filled("{\"a\":", "9", "}"); }},
      {"a number with a huge exponent", [] { return filled("{\"a\":1e", "9", "}"); }},
      {"a long fraction", [] { return filled("{\"a\":0.", "3", "}"); }},
      {"deep lists", [] { return filled("", "[", ""); }},
      {"deep maps", [] { return filled("", "{\"a\":", ""); }},
      {"as deep as is taken",
       [] { return filled("{\"a\":[", times(90, "[") + times(90, "]") + ",", "0]}"); }},
      {"blanks", [] { return filled("{", " ", "}"); }},
      {"JSON maps in a row", [] { return filled("", "{}", ""); }},
      {"JSON maps in lines", [] { return filled("", "{}\n", ""); }},
      {"JSON that turns out to be YAML", [] { return filled("{\"a\":[", "0,", "x]}"); }},
      {"an unfinished text", [] { return filled("{\"a\":[\"", "x", ""); }},
      {"a list of objects",
       [] {
         return filled("{\"kind\":\"SecretList\",\"items\":[",
                       "{\"metadata\":{\"name\":\"a#\"},\"data\":{\"a\":\"YQ==\"}},", "{}]}");
       }},
      // YAML
      {"lines", [] { return filled("", "\n", "---\na: 1\n"); }},
      {"comments", [] { return filled("", "#\n", "---\na: 1\n"); }},
      {"separators", [] { return filled("", "---\n", ""); }},
      {"separators with null", [] { return filled("", "--- ~\n", ""); }},
      {"ends of documents", [] { return filled("a: 1\n", "...\n", ""); }},
      {"small documents", [] { return filled("", "---\na: b\n", ""); }},
      {"a list of nothing", [] { return filled("", "-\n", ""); }},
      {"a list of letters", [] { return filled("a: [", "a,", "a]"); }},
      {"a map of nothing", [] { return filled("a: {", "#,", "a}"); }},
      {"a map of lines", [] { return filled("", "#:\n", ""); }},
      {"a map with marked keys", [] { return filled("", "? #\n", ""); }},
      {"a map of maps", [] { return filled("a: {", "#: {},", "a}"); }},
      {"pairs in a list", [] { return filled("a: [", "a: b,", "a]"); }},
      {"a long plain text", [] { return filled("a: ", "x", "\n"); }},
      {"a long plain text of words", [] { return filled("a: ", "x ", "\n"); }},
      {"a long plain text of lines", [] { return filled("a: x\n", " x\n", "\n"); }},
      {"a block of lines", [] { return filled("a: |\n", "  x\n", "\n"); }},
      {"a folded block of empty lines", [] { return filled("a: >\n  x\n", "\n", "  x\n"); }},
      {"a quoted text of escapes", [] { return filled("a: \"", "\\x41", "\"\n"); }},
      {"a quoted text of wide escapes", [] { return filled("a: \"", "\\P", "\"\n"); }},
      {"a long name of an anchor", [] { return filled("a: &", "x", " b\n"); }},
      {"a long tag", [] { return filled("a: !", "x", " b\n"); }},
      {"directives for tags", [] { return filled("", "%TAG !a#! !b\n", "---\na: b\n"); }},
      {"binary", [] { return filled("a: !!binary ", "AAAA", "\n"); }},
      {"anchors", [] { return filled("a: [", "&a# x,", "x]\n"); }},
      {"the same anchor", [] { return filled("a: [", "&a ,", "x]\n"); }},
      {"anchors around anchors", nested_anchors, Copies::yes},
      {"aliases", [] { return filled("a: &a b\nb: [", "*a,", "*a]\n"); }},
      {"one long text, many aliases",
       [] { return "a: &a \"" + long_text + "\"\nb: [" + times(12'000, "*a, ") + "*a]\n"; },
       Copies::yes},
      {"aliases as keys",
       [] { return "a: &a \"" + long_text + "\"\n" + times(2'000, "? *a\n: *a\n"); }, Copies::yes},
      {"aliases, each dropped for the next",
       [] { return filled("a: &a \"" + long_text + "\"\nb: {", "c: *a,", "c: *a}\n"); },
       Copies::yes},
      {"maps that are merged",
       [] { return "a: &a {k: \"" + long_text + "\"}\nb:\n" + times(500, "- {<<: [*a, *a]}\n"); },
       Copies::yes},
      {"a map that is merged into itself",
       [] {
         return "a: &a {" + filled("", "#: x,", "y: z", 20'000) + "}\nb: {" +
                times(2'000, "<<: *a, ") + "c: d}\n";
       },
       Copies::yes},
      {"aliases in each of many documents",
       [] {
         return times(20, "a: &a \"" + std::string(2000, 'x') + "\"\nb: [" + times(1000, "*a, ") +
                              "*a]\n---\n");
       },
       Copies::yes},
      {"aliases of aliases", laughs, Copies::yes},
      {"many anchors of the same long text",
       [] { return "- &a \"" + long_text + "\"\n" + times(1000, "- &b [*a]\n"); }, Copies::yes},
      // kubeconfigs and plug-ins
      {"clusters", [] { return filled("clusters: [", "{name: a#},", "]"); }},
      {"users", [] { return filled("users: [", "{name: a#},", "]"); }},
      {"contexts", [] { return filled("contexts: [", "{name: a#},", "]"); }},
      {"groups", [] { return filled("users: [{name: a, user: {as-groups: [", "a,", "]}}]"); }},
      {"extra of a user",
       [] { return filled("users: [{name: a, user: {as-user-extra: {a: [", "a,", "]}}}]"); }},
      {"arguments of a plug-in",
       [] { return filled("users: [{name: a, user: {exec: {args: [", "a,", "]}}}]"); }},
      {"variables of a plug-in",
       [] { return filled("users: [{name: a, user: {exec: {env: [", "{},", "]}}}]"); }},
      {"an extension",
       [] {
         return filled(
             "clusters: [{name: a, cluster: {extensions: [{name: "
             "client.authentication.k8s.io/exec, extension: [",
             "0,", "]}]}}]");
       }},
      {"extensions",
       [] {
         return filled("clusters: [{name: a, cluster: {extensions: [",
                       "{name: client.authentication.k8s.io/exec},", "]}}]");
       }},
      {"a plug-in's token",
       [] {
         return filled(
             R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":")",
             "x", "\"}}");
       }},
      {"a plug-in's certificates",
       [] {
         return filled(
             R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientKeyData":"x","clientCertificateData":")",
             "x", "\"}}");
       }},
      {"an error with many causes",
       [] {
         return filled(R"({"kind":"Status","reason":"Invalid","details":{"causes":[)",
                       R"({"reason":"a"},)", "{}]}}");
       }},
      {"an error with a long message",
       [] { return filled(R"({"kind":"Status","message":")", "x", "\"}"); }},
      {"an error page", [] { return filled("<html>", "x", ""); }},
      // Secrets
      {"items",
       [] { return filled(R"({"kind":"Secret","data":{)", "\"#\":\"\",", "\"a\":\"\"}}"); }},
      {"sealed items",
       [] {
         return filled(R"({"kind":"SealedSecret","spec":{"encryptedData":{)", "\"#\":\"\",",
                       "\"a\":\"\"}}}");
       }},
      {"template data",
       [] {
         return filled(R"({"kind":"SealedSecret","spec":{"encryptedData":{},"template":{"data":{)",
                       "\"#\":\"\",", "\"a\":\"\"}}}}");
       }},
      {"labels",
       [] {
         return filled(R"({"kind":"Secret","metadata":{"labels":{)", "\"#\":\"\",",
                       "\"a\":\"\"}}}");
       }},
      // PEM, cut to the 1 MiB that certificates may have
      {"BEGIN lines", [] { return filled("", "-----BEGIN A-----\n", "", pem_bytes); }},
      {"empty blocks",
       [] { return filled("", "-----BEGIN A-----\n-----END A-----\n", "", pem_bytes); }},
      {"an endless block",
       [] { return filled("-----BEGIN CERTIFICATE-----\n", "AAAA\n", "", pem_bytes); }},
      {"a large block",
       [] {
         return filled("-----BEGIN CERTIFICATE-----\n", "AAAA\n", "-----END CERTIFICATE-----\n",
                       pem_bytes);
       }},
      {"a large key",
       [] {
         return filled("-----BEGIN RSA PRIVATE KEY-----\n", "AAAA\n",
                       "-----END RSA PRIVATE KEY-----\n", pem_bytes);
       }},
      {"headers of a block",
       [] {
         return filled("-----BEGIN RSA PRIVATE KEY-----\n", "a: b\n",
                       "\n-----END RSA PRIVATE KEY-----\n", pem_bytes);
       }},
      {"blanks in a block",
       [] {
         return filled("-----BEGIN RSA PRIVATE KEY-----\n", " \t",
                       "\n-----END RSA PRIVATE KEY-----\n", pem_bytes);
       }},
      {"certificates", [] { return filled("", test_file("keys/ec.crt"), "", pem_bytes); }},
      {"private keys",
       [] { return filled("", test_file("keys/rsa1024.pkcs1.pem"), "", pem_bytes); }},
  };
  return texts;
}

}  // namespace

TEST_CASE("no text makes a reader allocate more than 16 MiB and 20 times its size") {
  for (const auto& text : nasty_texts()) {
    const auto whole = text.make();
    for (const auto& reader : all_readers()) {
      CAPTURE(reader.name);
      CAPTURE(text.name);
      const auto bytes = std::min(whole.size(), reader.text_bytes_max);
      const auto peak = peak_of(reader, std::string_view(whole).substr(0, bytes));
      CHECK(peak <= reader_bytes_max(bytes));
      if (text.copies == Copies::no) CHECK(peak <= small_text_bytes_max(bytes));
    }
  }
}

TEST_CASE("what would take more is refused: large texts of small values") {
  const auto digits = filled("{\"a\":[", "0,", "0]}", 3 * limits::mib);
  for (const auto& reader : all_readers()) {
    if (reader.name != "files of documents" && reader.name != "an API server's answers") continue;
    CAPTURE(reader.name);
    CHECK(peak_of(reader, digits) <= reader_bytes_max(digits.size()));
  }
  CHECK(kube::parse_json(digits).error().message ==
        "reading it would take more than " + std::to_string(reader_bytes_max(digits.size())) +
            " bytes of memory, which is too much for its size");
}

TEST_CASE("every object that etcd takes can be read, or it would hide all others") {
  const auto readable = [](const std::string& text) { return kube::parse_json(text).has_value(); };
  constexpr auto most = limits::object_bytes_max;
  for (const auto bytes : {most / 2, 1'050'000UL, 1'100'000UL, 1'300'000UL, most}) {
    CAPTURE(bytes);
    CHECK(readable(filled("{\"a\":[", "0,", "0]}", bytes)));
    CHECK(readable(filled("{\"a\":[", "[0],", "0]}", bytes)));
    CHECK(readable(filled("{", "\"\":0,", "\"a\":0}", bytes)));
    CHECK(readable(filled("{", "\"#\":0,", "\"a\":0}", bytes)));
  }
}
