// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file_lock.hpp"
#include "base/secret.hpp"
#include "resource/document.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {

enum class Format { json, yaml };

/// The format to print: that of the output file's name (.yaml, .yml), else --format.
/// Errors: invalid_input, "unsupported output format: xml".
[[nodiscard]] Result<Format> output_format(const Options& options);

/// What errors call the input: the file's name, or "standard input".
[[nodiscard]] std::string input_name(const Options& options);

/// The whole input, from --secret-file or standard input, at most limits::input_bytes_max. A person
/// at a terminal is told that `expected` is waited for. Errors: those of read_file().
[[nodiscard]] Result<SecretBuffer> read_input(const Options& options, std::string_view expected);
/// The documents of the input. Errors as read_documents(), after the input's name.
[[nodiscard]] Result<std::vector<Document>> read_input_documents(const Options& options);

/// One object in the format. YAML starts with `---`; JSON objects follow each other bare.
[[nodiscard]] SecretBuffer printed(const boost::json::value& object, Format format);

/// What a command prints. Standard output gets each piece as it comes; a file is replaced as a
/// whole by commit(), so that a failed command leaves it as it was.
///
/// Other kubeseals that write to the same file wait meanwhile (see FileLock). A command that reads
/// the file which it is about to replace locks it first: else what another one wrote in between
/// would be lost. Not before it has read standard input: what comes there may be of a program that
/// waits for the file.
class Output {
 public:
  enum class Content { shareable, plaintext };
  /// A file of plaintext is the writer's and readable by nobody else, new or not.
  Output(const Options& options, Content content);

  /// Keeps others from the file until this object is gone. Standard output, and what is no file or
  /// can't be locked, needs none. Errors: those of FileLock::take().
  [[nodiscard]] Result<void> lock();
  /// The same if `input` is a name of the file: it is about to be read. Errors: the same.
  [[nodiscard]] Result<void> lock_if_read(const std::string& input);

  [[nodiscard]] Result<void> print(std::string_view text);
  [[nodiscard]] Result<void> commit();
  /// As commit(), for a file that was read as `before`: editors and other programs lock nothing.
  /// Errors: conflict: it holds something else by now, and stays as it is.
  [[nodiscard]] Result<void> commit_over(std::string_view before);
  [[nodiscard]] bool is_standard() const noexcept { return file_.empty(); }

 private:
  std::string file_;
  Content content_;
  FileLock lock_;
  SecretBuffer pending_;
};

}  // namespace bulla::sealer
