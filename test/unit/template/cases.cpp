// SPDX-License-Identifier: Apache-2.0
#include "unit/template/cases.hpp"

#include <boost/json.hpp>
#include <fstream>
#include <stdexcept>

#include "base/base64.hpp"

namespace bulla::test {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& line, const char* key) {
  const auto* value = line.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string decoded(const std::string& base64) {
  const auto bytes = decode_base64(base64);
  if (!bytes) throw std::runtime_error("cases.jsonl holds broken base64");
  return std::string(bytes->begin(), bytes->end());
}

bool flag(const json::object& line, const char* key) {
  const auto* value = line.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

TemplateCase read_case(const json::object& line) {
  TemplateCase out;
  out.id = text_of(line, "id");
  out.group = text_of(line, "group");
  out.tier = static_cast<int>(line.at("tier").as_int64());
  out.program = text_of(line, "template");
  for (const auto& [key, value] : line.at("data").as_object())
    out.items[std::string(key)] = SecretBuffer::copy_of(std::string_view(value.as_string()));
  if (const auto* more = line.if_contains("data_b64"); more != nullptr && more->is_object()) {
    for (const auto& [key, value] : more->get_object())
      out.items[std::string(key)] =
          SecretBuffer::copy_of(std::string_view(decoded(std::string(value.as_string()))));
  }
  if (line.at("output").is_string()) {
    out.output = text_of(line, "output");
    if (flag(line, "output_b64")) out.output = decoded(*out.output);
  }
  out.error = text_of(line, "error");
  if (flag(line, "error_b64")) out.error = decoded(out.error);
  out.fails_at_parse = text_of(line, "stage") == "parse";
  out.error_class = text_of(line, "error_class");
  return out;
}

}  // namespace

std::vector<TemplateCase> load_template_cases() {
  std::ifstream file(BULLA_TEST_DATA "/gotemplate/cases.jsonl");
  std::vector<TemplateCase> out;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) out.push_back(read_case(json::parse(line).as_object()));
  if (out.empty()) throw std::runtime_error("no cases in cases.jsonl");
  return out;
}

TemplateOutcome run_template_case(const TemplateCase& wanted) {
  TemplateOutcome got;
  const auto program = tmpl::Template::parse("t", wanted.program);
  if (!program) {
    got.failed_at_parse = true;
    got.error = program.error().message;
    return got;
  }
  const auto output = program->run(wanted.items, {.errors = tmpl::RunErrors::full});
  if (output)
    got.output = std::string(output->expose_secret_text());
  else
    got.error = output.error().message;
  return got;
}

}  // namespace bulla::test
