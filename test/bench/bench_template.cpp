// SPDX-License-Identifier: Apache-2.0
// How often a second a configuration file of 2 KiB with ten items is rendered, parsing and
// rendering apart and together, on one core. Numbers are printed and never judged.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "template/template.hpp"

namespace {

using namespace bulla;
using Seconds = std::chrono::duration<double>;

constexpr auto run_time = std::chrono::seconds(1);

template <class Work>
double rate(const Work& work) {
  std::uint64_t done = 0;
  const auto start = std::chrono::steady_clock::now();
  for (; std::chrono::steady_clock::now() - start < run_time; ++done)
    if (!work()) std::abort();
  return static_cast<double>(done) / Seconds(std::chrono::steady_clock::now() - start).count();
}

/// An application's configuration, as people write it: values, defaults, escapes, a loop.
std::string configuration() {
  std::string text =
      "{{- /* made from sealed items */ -}}\n"
      "[database]\n"
      "url = \"postgresql://{{ .username | urlquery }}:{{ .password | urlquery }}@{{ .host }}:"
      "{{ .port | default \"5432\" }}/{{ .database }}\"\n"
      "pool = {{ mul (int .workers) 4 }}\n"
      "[mail]\n"
      "{{ if .smtp_password }}login = {{ printf \"%s:%s\" .smtp_user .smtp_password | b64enc }}\n"
      "{{ else }}login = none\n{{ end }}"
      "[hosts]\n"
      "{{ range $i, $host := splitList \",\" .hosts }}host{{ $i }} = {{ $host | trim | quote }}\n"
      "{{ end }}"
      "[token]\n"
      "value = {{ .token | sha256sum | trunc 16 }}\n";
  for (int i = 0; text.size() < 2048; ++i) text += "setting" + std::to_string(i) + " = default\n";
  return text;
}

tmpl::Items ten_items() {
  tmpl::Items items;
  const std::pair<const char*, std::string_view> values[] = {
      {"username", "admin"},      {"password", "p@ss w0rd/'$"},
      {"host", "db.example.com"}, {"port", "5432"},
      {"database", "app"},        {"workers", "8"},
      {"smtp_user", "mail"},      {"smtp_password", "secret"},
      {"hosts", "a, b, c, d"},    {"token", "0123456789abcdef"},
  };
  for (const auto& [name, value] : values) items[name] = SecretBuffer::copy_of(value);
  return items;
}

}  // namespace

int main() {
  const auto text = configuration();
  const auto items = ten_items();
  const auto program = tmpl::Template::parse("config", text);
  if (!program) std::abort();
  std::printf("a template of %zu bytes, %zu items\n", text.size(), items.size());
  std::printf("render: %.0f/s\n", rate([&] { return program->run(items).has_value(); }));
  std::printf("parse:  %.0f/s\n",
              rate([&] { return tmpl::Template::parse("config", text).has_value(); }));
  std::printf("both:   %.0f/s\n", rate([&] {
                const auto parsed = tmpl::Template::parse("config", text);
                return parsed && parsed->run(items).has_value();
              }));
}
