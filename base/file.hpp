// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace bulla {

/// The whole of the file at `path`, at most `bytes_max` bytes. It may be secret: it is wiped.
/// Errors: not_found and invalid_input, "open PATH: no such file or directory" (the operating
/// system's words), "read PATH: is a directory", "PATH is larger than N bytes".
[[nodiscard]] Result<SecretBuffer> read_file(const std::string& path, std::size_t bytes_max);

/// All of the open descriptor up to its end. `name` is what errors call it.
[[nodiscard]] Result<SecretBuffer> read_descriptor(int descriptor, const std::string& name,
                                                   std::size_t bytes_max);

/// All of `text` to the open descriptor. Errors: unavailable ("write NAME: broken pipe").
[[nodiscard]] Result<void> write_descriptor(int descriptor, const std::string& name,
                                            std::string_view text);

/// Replaces the file at `path` (through a symbolic link: the file that it names) by `contents`, or
/// leaves it as it was: temporary file in the same folder, fsync, rename. An existing file keeps
/// its mode and, where permitted, its owner; a new one gets `new_file_mode` less the umask. What is
/// not a regular file, such as /dev/stdout, is written to in place.
///
/// Also written in place, after room was made for it, is a file that no other can take the place
/// of: one with several names (hard links), a mount point, one in a folder that can't be written.
/// If that fails, what was there is put back; a crash in the middle of it may leave both mixed.
///
/// A symbolic link or a named pipe at the end of `path` is not used if another user (but root) has
/// put it into a folder such as /tmp, where anybody may: he would choose what is overwritten.
/// Errors: invalid_input in the operating system's words ("open PATH: permission denied"), and for
/// such a link.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view contents,
                                        mode_t new_file_mode);

/// As replace_file(), for plaintext: nobody who prepared `path` gets to read it. The file is the
/// writer's own and of mode 0600, whatever was there before. A symbolic link or a named pipe at
/// the end of `path` is used only if it belongs to the writer or to root.
/// Errors: as replace_file(); invalid_input where it belongs to somebody else.
[[nodiscard]] Result<void> replace_secret_file(const std::string& path, std::string_view contents);

}  // namespace bulla
