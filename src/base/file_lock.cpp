#include "bitlaw/base/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bitlaw/base/error.hpp"

namespace bitlaw {

FileLock::FileLock(const std::filesystem::path& path, Wait wait) {
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    int error = errno;
    if (descriptor_ >= 0) {
        int result = 0;
        do {
            result = ::flock(descriptor_, wait == Wait::yes ? LOCK_EX : LOCK_EX | LOCK_NB);
        } while (result != 0 && errno == EINTR);
        error = errno;
        held_ = result == 0;
        if (held_ || (wait == Wait::no && error == EWOULDBLOCK)) {
            return;
        }
        ::close(descriptor_);
    }
    fail("cannot lock ", path.string(), ": ", std::generic_category().message(error),
         "; check the folder's permissions and that its file system has locks");
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace bitlaw
