// SPDX-License-Identifier: Apache-2.0
#include "resource/render.hpp"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "resource/seal.hpp"
#include "template/template.hpp"

namespace bulla {

namespace {

/// Puts the text of each program that no item has the name of to the items, for the others to see
/// as it stands there; their names.
std::set<std::string> add_siblings(const std::map<std::string, std::string>& programs,
                                   std::map<std::string, SecretBuffer>& items) {
  std::set<std::string> added;
  for (const auto& [name, text] : programs) {
    if (items.try_emplace(name, SecretBuffer::copy_of(text)).second) added.insert(name);
  }
  return added;
}

}  // namespace

bool render(const std::map<std::string, std::string>& programs,
            std::map<std::string, SecretBuffer>& items, const tmpl::RunOptions& options,
            ItemFailures& failures) {
  const bool all_opened = !failures.any();
  const auto siblings = add_siblings(programs, items);
  std::map<std::string, SecretBuffer> rendered;
  tmpl::Session session(items, options);
  std::optional<Error> hidden;
  const auto failed = [&](Error error, const std::string& item) {
    if (session.hid_last_error())
      hidden = std::move(error);
    else
      failures.add(error, item);
  };
  for (const auto& [item, text] : programs) {
    auto program = session.parse(item, text);
    if (!program) {
      failed(std::move(program).error(), item);
      continue;
    }
    if (!all_opened) continue;
    if (auto output = session.run(std::move(*program)))
      rendered.emplace(item, std::move(*output));
    else
      failed(std::move(output).error(), item);
  }
  // Which of several fail, and whether some do beside those that are told, would tell a bit each.
  if (hidden && !failures.any())
    failures.add(*hidden, programs.size() == 1 ? programs.begin()->first : "spec.template.data");
  for (auto& [item, output] : rendered) {
    if (siblings.contains(item)) items.insert_or_assign(item, std::move(output));
  }
  return session.reached_a_bound();
}

std::vector<Error> check_templates(const SealedSecret& sealed) {
  std::vector<Error> out;
  for (const auto& [item, text] : sealed.secret_template.data) {
    if (auto program = tmpl::Template::parse(item, text); !program) {
      out.push_back(std::move(program).error());
      out.back().message += " (" + item + ")";
    }
  }
  return out;
}

}  // namespace bulla
