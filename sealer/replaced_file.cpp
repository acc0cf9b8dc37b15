// SPDX-License-Identifier: Apache-2.0
#include "sealer/replaced_file.hpp"

#include <filesystem>
#include <utility>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "sealer/sealed_input.hpp"

namespace bulla::sealer {

ReplacedFile ReplacedFile::read(const Options& options) {
  ReplacedFile out;
  std::error_code unreadable;
  if (!std::filesystem::is_regular_file(options.output_file, unreadable)) return out;
  auto text = read_file(options.output_file, limits::input_bytes_max);
  if (!text) return out;
  const auto before = parse_sealed_text(options.output_file, std::move(*text));
  if (!before) return out;
  const auto found = sealed_secrets_of(*before);
  if (!found) return out;
  out.file_ = options.output_file;
  for (const auto& [document, sealed] : *found) {
    auto& object = out.objects_[place_of(sealed)];
    for (const auto& [item, ciphertext] : sealed.encrypted_data) object.items.insert(item);
  }
  return out;
}

void ReplacedFile::keeps(const SealedSecret& sealed) {
  const auto found = objects_.find(place_of(sealed));
  if (found == objects_.end()) return;
  found->second.kept = true;
  for (const auto& [item, ciphertext] : sealed.encrypted_data) found->second.items.erase(item);
}

std::vector<std::string> ReplacedFile::losses() const {
  std::vector<std::string> told;
  for (const auto& [place, object] : objects_) {
    if (!object.kept) {
      told.push_back(file_ + " held SealedSecret " + place + ", and does not any more");
      continue;
    }
    std::string items;
    for (const auto& item : object.items) items += (items.empty() ? "" : ", ") + item;
    if (items.empty()) continue;
    auto loss = file_;
    loss.append(" held ").append(items).append(" of ").append(place);
    loss.append(", and does not any more (--merge-into ").append(file_);
    told.push_back(loss.append(" keeps other items)"));
  }
  return told;
}

}  // namespace bulla::sealer
