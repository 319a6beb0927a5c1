#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"

using namespace bitlaw;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;

namespace {

const Bytes kOld{'o', 'l', 'd'};
const Bytes kNew{'n', 'e', 'w', 'e', 'r'};
constexpr std::uint64_t kMost = 1'000'000;

Bytes bytes_of(ByteSpan span) { return {span.begin(), span.end()}; }

// Lowers the largest file this process may write, without the signal that would end it.
class FileSizeLimit {
   public:
    explicit FileSizeLimit(rlim_t most) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit = before_;
        limit.rlim_cur = most;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

   private:
    rlimit before_{};
    void (*handler_)(int);
};

}  // namespace

TEST_CASE("file: what is written atomically is read back, whole and mapped") {
    const TemporaryFolder folder;
    Bytes data(300'000);
    for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = static_cast<std::uint8_t>(i * 31 + i / 256);
    }
    write_file(folder / "data", data);
    CHECK(read_file(folder / "data", kMost) == data);
    const MappedFile mapped(folder / "data");
    CHECK(bytes_of(mapped.bytes()) == data);
    CHECK(mapped.path() == folder / "data");
    CHECK(folder.entries() == 1);
}

TEST_CASE("file: an empty file gives nothing, without an error") {
    const TemporaryFolder folder;
    write_file(folder / "empty", {});
    CHECK(read_file(folder / "empty", 0).empty());
    CHECK(MappedFile(folder / "empty").bytes().empty());
}

TEST_CASE("file: the final name appears only with commit, and replaces what was there") {
    const TemporaryFolder folder;
    write_file(folder / "data", kOld);
    {
        AtomicFile file(folder / "data");
        file.write(ByteSpan(kNew).first(2));
        file.write(ByteSpan(kNew).subspan(2));
        CHECK(read_file(folder / "data", kMost) == kOld);
        file.commit();
        CHECK(read_file(folder / "data", kMost) == kNew);
    }
    CHECK(read_file(folder / "data", kMost) == kNew);
    CHECK(folder.entries() == 1);
}

TEST_CASE("file: without commit, and after an exception, nothing is left behind") {
    const TemporaryFolder folder;
    { AtomicFile(folder / "never").write(kNew); }
    CHECK(folder.entries() == 0);
    write_file(folder / "kept", kOld);
    try {
        AtomicFile file(folder / "kept");
        file.write(kNew);
        CHECK(folder.entries() == 2);
        throw std::runtime_error("in the middle");
    } catch (const std::runtime_error&) {
    }
    CHECK(folder.entries() == 1);
    CHECK(read_file(folder / "kept", kMost) == kOld);
}

TEST_CASE("file: names as long as the file system allows leave room for the temporary one's mark") {
    const TemporaryFolder folder;
    for (const std::size_t length : {230, 237, 238, 254, 255}) {
        const std::string name(length, 'n');
        write_file(folder / name, kNew);
        CHECK(read_file(folder / name, kMost) == kNew);
    }
    std::string umlauts = "x";
    while (umlauts.size() < 255) {
        umlauts += "\xc3\xbc";
    }
    AtomicFile file(folder / umlauts);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        const std::string name = entry.path().filename().string();
        if (const std::size_t mark = name.find(".tmp-"); mark != std::string::npos) {
            CHECK(name.size() > 250);
            CHECK(name[mark - 1] == '\xbc');  // no half character
        }
    }
    file.commit();
    CHECK(folder.entries() == 6);
}

TEST_CASE("file: two writers of one name do not disturb each other; the last commit stays") {
    const TemporaryFolder folder;
    AtomicFile first(folder / "data");
    AtomicFile second(folder / "data");
    first.write(kOld);
    second.write(kNew);
    second.commit();
    CHECK(read_file(folder / "data", kMost) == kNew);
    first.commit();
    CHECK(read_file(folder / "data", kMost) == kOld);
    CHECK(folder.entries() == 1);
}

TEST_CASE("file: a write that fails half-way leaves the old file and no temporary one") {
    const TemporaryFolder folder;
    write_file(folder / "data", kOld);
    const Bytes large(100'000, 'x');
    std::string message;
    {
        const FileSizeLimit limit(50'000);
        message = message_of<Error>([&] { write_file(folder / "data", large); });
    }
    CHECK(holds(message, (folder / "data").string()));
    CHECK(holds(message, "File too large"));
    CHECK(read_file(folder / "data", kMost) == kOld);
    CHECK(folder.entries() == 1);
}

TEST_CASE("file: a rename that fails removes the temporary file") {
    const TemporaryFolder folder;
    {
        AtomicFile file(folder / "data");
        file.write(kNew);
        std::filesystem::create_directory(folder / "data");  // appears after the check of the constructor
        CHECK(holds(message_of<Error>([&] { file.commit(); }), (folder / "data").string()));
    }
    CHECK(std::filesystem::is_directory(folder / "data"));
    CHECK(folder.entries() == 1);
}

TEST_CASE("file: a folder where a file is meant is named") {
    const TemporaryFolder folder;
    for (const std::string& message : {message_of<Error>([&] { MappedFile{folder.path()}; }),
                                       message_of<Error>([&] { (void)read_file(folder.path(), kMost); }),
                                       message_of<Error>([&] { AtomicFile{folder.path()}; }),
                                       message_of<Error>([&] { write_file(folder / "missing/", kNew); })}) {
        CHECK(holds(message, folder.path().string()));
        CHECK(holds(message, "Is a directory"));
        CHECK(holds(message, "name a regular file"));
    }
    CHECK(folder.entries() == 0);
}

TEST_CASE("file: missing files and folders are named") {
    const TemporaryFolder folder;
    for (const std::string& message : {message_of<Error>([&] { MappedFile{folder / "none"}; }),
                                       message_of<Error>([&] { (void)read_file(folder / "none", kMost); }),
                                       message_of<Error>([&] { write_file(folder / "none/data", kNew); })}) {
        CHECK(holds(message, (folder / "none").string()));
        CHECK(holds(message, "No such file or directory"));
        CHECK_FALSE(holds(message, "\n"));
    }
}

TEST_CASE("file: pipes and devices are refused without waiting, and never replaced") {
    const TemporaryFolder folder;
    const std::filesystem::path pipe = folder / "pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(holds(message_of<Error>([&] { MappedFile{pipe}; }), "pipe or a device"));
    CHECK(holds(message_of<Error>([&] { (void)read_file("/dev/zero", kMost); }), "pipe or a device"));
    CHECK(holds(message_of<Error>([&] { write_file(pipe, kNew); }), "pipe or a device"));
    CHECK(std::filesystem::is_fifo(pipe));
    std::filesystem::create_symlink("/dev/null", folder / "null");
    CHECK(holds(message_of<Error>([&] { write_file(folder / "null", kNew); }), "pipe or a device"));
    CHECK(std::filesystem::is_symlink(folder / "null"));
}

TEST_CASE("file: a symbolic link is written through") {
    const TemporaryFolder folder;
    write_file(folder / "data", kOld);
    std::filesystem::create_symlink(folder / "data", folder / "link");
    write_file(folder / "link", kNew);
    CHECK(std::filesystem::is_symlink(folder / "link"));
    CHECK(read_file(folder / "data", kMost) == kNew);
}

TEST_CASE("file: a file above the allowed size is refused before it is read") {
    const TemporaryFolder folder;
    write_file(folder / "data", kNew);
    CHECK(read_file(folder / "data", kNew.size()) == kNew);
    const std::string message = message_of<Error>([&] { (void)read_file(folder / "data", kNew.size() - 1); });
    CHECK(holds(message, "it has 5 bytes, and at most 4"));
}

TEST_CASE("file: a mapping moves with its owner") {
    const TemporaryFolder folder;
    write_file(folder / "old", kOld);
    write_file(folder / "new", kNew);
    MappedFile first(folder / "old");
    MappedFile second(std::move(first));
    CHECK(bytes_of(second.bytes()) == kOld);
    second = MappedFile(folder / "new");
    CHECK(bytes_of(second.bytes()) == kNew);
    CHECK(second.path() == folder / "new");
}
