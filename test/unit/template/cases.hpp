// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "template/template.hpp"

namespace bulla::test {

/// One program as the reference ran it (test/data/gotemplate/cases.jsonl).
struct TemplateCase {
  std::string id;
  std::string group;
  int tier = 0;
  std::string program;
  tmpl::Items items;
  std::optional<std::string> output;  ///< absent where the case fails
  std::string error;
  bool fails_at_parse = false;
  std::string error_class;
};

[[nodiscard]] std::vector<TemplateCase> load_template_cases();

/// What our engine made of a case.
struct TemplateOutcome {
  std::optional<std::string> output;
  std::string error;
  bool failed_at_parse = false;
};

[[nodiscard]] TemplateOutcome run_template_case(const TemplateCase& wanted);

/// Success or failure, its stage, and the output.
[[nodiscard]] inline bool agrees(const TemplateCase& wanted, const TemplateOutcome& got) {
  return got.output == wanted.output &&
         (wanted.output.has_value() || got.failed_at_parse == wanted.fails_at_parse);
}

}  // namespace bulla::test
