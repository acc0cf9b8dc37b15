// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "base/descriptor.hpp"
#include "base/text.hpp"

namespace bulla {

namespace {

/// The last system call's failure: "open x: no such file or directory".
Error system_error(std::string_view call, const std::string& path) {
  const int number = errno;
  std::string text = std::strerror(number);  // NOLINT(concurrency-mt-unsafe): glibc's is safe
  text[0] = to_lower(text.substr(0, 1))[0];
  Error error{number == ENOENT ? Errc::not_found : Errc::invalid_input, std::move(text)};
  return std::move(error).during(path).during(std::string(call));
}

std::string joined(std::string_view call, const std::string& path, std::string_view what) {
  return std::string(call) + " " + path + ": " + std::string(what);
}

Error failure(std::string_view call, const std::string& path) {
  auto error = system_error(call, path);
  // "open: x: why" reads worse than the "open x: why" that people know from Go and from cat.
  error.message.erase(call.size(), 1);
  return error;
}

constexpr int links_max = 40;  // as the kernel follows

/// What the symbolic link at `path` names, seen from where `path` is seen; empty if it is no link.
std::string link_target(std::string path) {
  std::array<char, PATH_MAX> target{};
  const auto size = ::readlink(path.c_str(), target.data(), target.size());
  if (size <= 0) return {};
  const std::string_view named(target.data(), static_cast<std::size_t>(size));
  const auto folder_end = named.starts_with('/') ? 0 : path.find_last_of('/') + 1;
  path.replace(folder_end, std::string::npos, named);
  return path;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

/// Whether anybody may put links into the folder of `path`, as into /tmp, and `owner` did: as the
/// kernel's fs.protected_symlinks has it (proc(5)).
bool is_put_there_by_anybody(const std::string& path, uid_t owner) {
  constexpr mode_t shared = S_ISVTX | S_IWOTH;
  struct stat folder {};
  return ::stat(folder_of(path).c_str(), &folder) == 0 && (folder.st_mode & shared) == shared &&
         folder.st_uid != owner;
}

enum class Contents { plaintext, shareable };

/// The reason not to write through a link or a pipe of somebody else's; "": there is none.
std::string_view reason_against(const std::string& part, const struct stat& status,
                                Contents contents) {
  const bool leads_on = S_ISLNK(status.st_mode) || S_ISFIFO(status.st_mode);
  if (!leads_on || status.st_uid == ::geteuid() || status.st_uid == 0) return {};
  if (contents == Contents::plaintext) return ", who could read the plaintext";
  if (is_put_there_by_anybody(part, status.st_uid))
    return ", and its folder is one where anybody may put it";
  return {};
}

/// `path` with symbolic links at its end followed, so that a link stays a link, also one that names
/// nothing yet. The links are read one by one: what is put in their place later is not followed.
/// Errors: invalid_input: one of them, or a pipe, is somebody else's.
Result<std::string> resolved(const std::string& path, Contents contents) {
  std::string part = path;
  for (int i = 0; i < links_max; ++i) {
    struct stat status {};
    if (::lstat(part.c_str(), &status) != 0) return part;
    if (const auto reason = reason_against(part, status, contents); !reason.empty()) {
      return Error{Errc::invalid_input, joined("open", path,
                                               part + " belongs to another user" +
                                                   std::string(reason) + ": choose another file")};
    }
    if (!S_ISLNK(status.st_mode)) return part;
    part = link_target(part);
  }
  return Error{Errc::invalid_input, joined("open", path, "too many levels of symbolic links")};
}

/// A temporary file beside its target; removed again unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& target)
      : path_(target + ".tmp-XXXXXX"), file_(::mkostemp(path_.data(), O_CLOEXEC)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (file_ && !renamed_) ::unlink(path_.c_str());
  }
  [[nodiscard]] bool opened() const noexcept { return static_cast<bool>(file_); }
  [[nodiscard]] int descriptor() const noexcept { return file_.get(); }
  [[nodiscard]] bool rename_to(const std::string& target) {
    renamed_ = ::rename(path_.c_str(), target.c_str()) == 0;
    return renamed_;
  }

 private:
  std::string path_;
  Descriptor file_;
  bool renamed_ = false;
};

mode_t current_umask() noexcept {
  const mode_t mask = ::umask(077);
  ::umask(mask);
  return mask;
}

/// Makes a rename last: the folder's entry is data of the folder.
void sync_folder_of(const std::string& path) {
  const Descriptor opened(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened) ::fsync(opened.get());
}

Result<void> write_in_place(const std::string& path, std::string_view contents) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return failure("open", path);
  return write_descriptor(file.get(), path, contents);
}

/// Puts a new file with `contents` in the place of `target`, which errors call `path`. `prepare`
/// gets the new file's descriptor; until then it is the writer's and of mode 0600. `number` becomes
/// errno if the temporary file could not be made or renamed.
template <typename Prepare>
Result<void> replace_by_rename(const std::string& path, const std::string& target,
                               std::string_view contents, int& number, Prepare prepare) {
  TemporaryFile temporary(target);
  if (!temporary.opened()) {
    number = errno;
    return failure("open", path);
  }
  const int file = temporary.descriptor();
  if (auto written = write_descriptor(file, path, contents); !written) return written;
  if (!prepare(file) || ::fsync(file) != 0) return failure("write", path);
  if (!temporary.rename_to(target)) {
    number = errno;
    return failure("rename", path);
  }
  sync_folder_of(target);
  return {};
}

/// All of the file from its beginning, on the disk when it returns.
Result<void> write_whole(int file, const std::string& path, std::string_view contents) {
  if (::lseek(file, 0, SEEK_SET) != 0) return failure("write", path);
  if (auto written = write_descriptor(file, path, contents); !written) return written;
  if (::ftruncate(file, static_cast<off_t>(contents.size())) != 0 || ::fsync(file) != 0)
    return failure("write", path);
  return {};
}

/// Takes the room on the disk for `size` bytes without a change of what is there; errno if it
/// fails.
bool make_room(int file, std::size_t size) {
  errno = size == 0 ? 0 : ::posix_fallocate(file, 0, static_cast<off_t>(size));
  return errno == 0 || errno == EOPNOTSUPP || errno == EINVAL;  // not every file system can
}

/// Writes over the regular file itself.
Result<void> overwrite(const std::string& path, std::string_view contents) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file) return failure("open", path);
  const auto old = read_descriptor(file.get(), path, SSIZE_MAX - 1);
  if (!old) return old.error();
  auto written = make_room(file.get(), contents.size()) ? write_whole(file.get(), path, contents)
                                                        : Result<void>(failure("write", path));
  if (written) return written;
  if (const auto back = write_whole(file.get(), path, old->expose_secret_text()); !back)
    return std::move(written).error().hint("what was there could not be put back: " +
                                           back.error().message);
  return written;
}

/// Whether no other file could take the place of one for what is around it: errno of
/// replace_by_rename().
bool can_only_be_written_over(int number) {
  return number == EBUSY || number == EACCES || number == EPERM || number == EROFS;
}

}  // namespace

Result<SecretBuffer> read_descriptor(int descriptor, const std::string& name,
                                     std::size_t bytes_max) {
  struct stat status {};
  // The size is known for files: one allocation then. Others grow, old storage being wiped.
  std::size_t room = std::size_t{64} * 1024;
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
    room = std::min(static_cast<std::size_t>(status.st_size), bytes_max) + 1;

  SecretBuffer contents(room);
  std::size_t size = 0;
  for (;;) {
    if (size == contents.size()) contents.resize(size * 2);
    const auto got =
        ::read(descriptor, contents.expose_secret().data() + size, contents.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", name);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size > bytes_max) {
      return Error{Errc::invalid_input,
                   joined("read", name, "larger than " + std::to_string(bytes_max) + " bytes")};
    }
  }
  contents.resize(size);
  return contents;
}

Result<SecretBuffer> read_file(const std::string& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failure("open", path);
  return read_descriptor(file.get(), path, bytes_max);
}

Result<void> write_descriptor(int descriptor, const std::string& name, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure("write", name);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view contents,
                          mode_t new_file_mode) {
  struct stat old {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode))
    return Error{Errc::invalid_input, joined("open", path, "is a directory")};
  const auto target = resolved(path, Contents::shareable);
  if (!target) return target.error();
  if (exists && !S_ISREG(old.st_mode)) return write_in_place(path, contents);

  if (exists && old.st_nlink > 1 && ::access(path.c_str(), W_OK) == 0)
    return overwrite(path, contents);

  const mode_t mode = exists ? old.st_mode & 07777 : new_file_mode & ~current_umask();
  int number = 0;
  auto replaced = replace_by_rename(path, *target, contents, number, [&](int file) {
    // Only root may give a file away: for others the owner stays whoever writes it.
    if (exists) [[maybe_unused]]
      const int kept = ::fchown(file, old.st_uid, old.st_gid);
    return ::fchmod(file, mode) == 0;
  });
  if (!replaced && exists && can_only_be_written_over(number)) return overwrite(path, contents);
  return replaced;
}

Result<void> replace_secret_file(const std::string& path, std::string_view contents) {
  struct stat old {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode))
    return Error{Errc::invalid_input, joined("open", path, "is a directory")};
  const auto target = resolved(path, Contents::plaintext);
  if (!target) return target.error();
  if (exists && !S_ISREG(old.st_mode)) return write_in_place(path, contents);
  int number = 0;
  return replace_by_rename(path, *target, contents, number,
                           [](int file) { return ::fchmod(file, 0600) == 0; });
}

}  // namespace bulla
