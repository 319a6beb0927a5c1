#include "bitlaw/coding/stream.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"

namespace bitlaw::coding {
namespace {

// Whether a call that failed can be made again: after a signal, or when a descriptor that does not block has
// nothing yet, after a moment.
bool again(int descriptor, short event) {
    if (errno != EAGAIN) {
        return errno == EINTR;
    }
    struct pollfd request {
        .fd = descriptor, .events = event, .revents = 0
    };
    constexpr int kMilliseconds = 100;
    (void)::poll(&request, 1, kMilliseconds);
    return true;
}

}  // namespace

ByteSource source_of(ByteSpan data) {
    return [rest = data](std::span<std::uint8_t> buffer) mutable {
        const std::size_t count = std::min(buffer.size(), rest.size());
        std::copy_n(rest.begin(), count, buffer.begin());
        rest = rest.subspan(count);
        return count;
    };
}

ByteSink sink_to(Bytes& out) {
    return [&out](ByteSpan data) { out.insert(out.end(), data.begin(), data.end()); };
}

ByteSource source_of_descriptor(int descriptor, std::string name, std::function<void()> before_read) {
    return [descriptor, name = std::move(name),
            before_read = std::move(before_read)](std::span<std::uint8_t> buffer) {
        std::size_t filled = 0;
        while (filled < buffer.size()) {
            if (before_read) {
                before_read();
            }
            const ssize_t count = ::read(descriptor, buffer.data() + filled, buffer.size() - filled);
            if (count < 0 && again(descriptor, POLLIN)) {
                continue;
            }
            if (count < 0) {
                fail("cannot read ", name, ": ", error_reason(errno),
                     "; check that it is a readable file or pipe");
            }
            if (count == 0) {
                break;
            }
            filled += static_cast<std::size_t>(count);
        }
        return filled;
    };
}

ByteSink sink_to_descriptor(int descriptor, std::string name, std::function<void()> before_write) {
    return [descriptor, name = std::move(name), before_write = std::move(before_write)](ByteSpan data) {
        // A pipe that is ready takes so many bytes without waiting, no more.
        const std::size_t most = before_write ? PIPE_BUF : data.size();
        while (!data.empty()) {
            if (before_write) {
                before_write();
            }
            const ssize_t count = ::write(descriptor, data.data(), std::min(data.size(), most));
            if (count < 0 && again(descriptor, POLLOUT)) {
                continue;
            }
            if (count < 0) {
                fail("cannot write ", name, ": ", error_reason(errno),
                     "; check the free space and who reads it");
            }
            data = data.subspan(static_cast<std::size_t>(count));
        }
    };
}

}  // namespace bitlaw::coding
