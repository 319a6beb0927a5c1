#include <doctest/doctest.h>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/output_file.hpp"
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
    write_file(folder / "empty", Bytes{});
    CHECK(read_file(folder / "empty", 0).empty());
    CHECK(MappedFile(folder / "empty").bytes().empty());
}

TEST_CASE("file: the final name appears only with commit, and replaces what was there") {
    const TemporaryFolder folder;
    write_file(folder / "data", kOld);
    {
        OutputFile file(folder / "data");
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
    { OutputFile(folder / "never").write(kNew); }
    CHECK(folder.entries() == 0);
    write_file(folder / "kept", kOld);
    try {
        OutputFile file(folder / "kept");
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
    OutputFile file(folder / umlauts);
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
    OutputFile first(folder / "data");
    OutputFile second(folder / "data");
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
        OutputFile file(folder / "data");
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
                                       message_of<Error>([&] { OutputFile{folder.path()}; }),
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

TEST_CASE("file: a symbolic link is replaced, and what it leads to stays") {
    const TemporaryFolder folder;
    write_file(folder / "data", kOld);
    std::filesystem::create_symlink(folder / "data", folder / "link");
    std::filesystem::create_symlink(folder / "nowhere", folder / "dangling");
    for (const char* name : {"link", "dangling"}) {
        write_file(folder / name, kNew);
        CHECK_FALSE(std::filesystem::is_symlink(folder / name));
        CHECK(read_file(folder / name, kMost) == kNew);
    }
    CHECK(read_file(folder / "data", kMost) == kOld);
    CHECK(folder.entries() == 3);
}

TEST_CASE("file: the names of open files are no outputs, so that /dev/stdout stays what it is") {
    const TemporaryFolder folder;
    write_file(folder / "data", kOld);
    const int descriptor = ::open((folder / "data").c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(descriptor >= 0);
    std::filesystem::create_symlink("/proc/self/fd/" + std::to_string(descriptor), folder / "stdout");
    CHECK(holds(message_of<Error>([&] { write_file(folder / "stdout", kNew); }),
                "another name of an open file"));
    ::close(descriptor);
    CHECK(std::filesystem::is_symlink(folder / "stdout"));
    CHECK(read_file(folder / "data", kMost) == kOld);
}

namespace {

// From here on, this thread's renameat2 fails as on a file system that lacks it. False where that is denied.
bool deny_renameat2() {
    std::array<sock_filter, 4> rules{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 1),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    const sock_fprog program{.len = rules.size(), .filter = rules.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Writers of one name that all began while it was free; how many of them succeed.
int winners(const TemporaryFolder& folder) {
    int count = 0;
    std::vector<std::unique_ptr<OutputFile>> writers;
    for (int i = 0; i < 3; ++i) {
        writers.push_back(std::make_unique<OutputFile>(folder / "data", OutputOptions{Existing::refuse}));
        writers.back()->write(Bytes{static_cast<std::uint8_t>('0' + i)});
    }
    for (const auto& writer : writers) {
        const std::string message = message_of<Error>([&] { writer->commit(); });
        CHECK((message.empty() || holds(message, "exists already")));
        count += message.empty() ? 1 : 0;
    }
    return count;
}

}  // namespace

TEST_CASE("file: what is not to be replaced stays, also when it appears while the output is written") {
    const TemporaryFolder folder;
    CHECK(winners(folder) == 1);
    CHECK(read_file(folder / "data", kMost) == Bytes{'0'});
    CHECK(folder.entries() == 1);
    CHECK(holds(message_of<Error>([&] { write_file(folder / "data", kNew, {Existing::refuse}); }),
                "exists already; use -f"));
    std::filesystem::create_symlink(folder / "nowhere", folder / "dangling");
    CHECK(holds(message_of<Error>([&] { write_file(folder / "dangling", kNew, {Existing::refuse}); }),
                "exists already"));
    CHECK(folder.entries() == 2);
}

TEST_CASE("file: so it is on file systems that cannot rename without replacing") {
    const TemporaryFolder folder;
    std::thread([&] {
        if (!deny_renameat2()) {
            MESSAGE("not run: this system denies filters of system calls");
            return;
        }
        CHECK(winners(folder) == 1);
        CHECK(read_file(folder / "data", kMost) == Bytes{'0'});
        CHECK(folder.entries() == 1);
    }).join();
}

TEST_CASE("file: runs of zeros become holes, and the bytes and sizes are the same") {
    const TemporaryFolder folder;
    const auto check = [&](const std::string& name, const std::vector<Bytes>& pieces) {
        Bytes all;
        OutputFile file(folder / name, {.sparse = true});
        for (const Bytes& piece : pieces) {
            file.write(piece);
            all.insert(all.end(), piece.begin(), piece.end());
        }
        file.commit();
        CHECK(read_file(folder / name, all.size()) == all);
        struct stat status {};
        REQUIRE(::stat((folder / name).c_str(), &status) == 0);
        return std::uint64_t(status.st_blocks) * 512;
    };
    const auto zeros = [](std::size_t count) { return Bytes(count, 0); };
    const auto text = [](std::size_t count) { return Bytes(count, 'x'); };
    CHECK(check("empty", {}) == 0);
    CHECK(check("only", {zeros(1'000'000)}) == 0);
    CHECK(check("front", {zeros(1'000'000), text(10)}) <= 65536);
    CHECK(check("end", {text(10), zeros(1'000'000)}) <= 65536);
    Bytes middle = text(5000);
    middle.resize(1'005'000);
    middle.push_back('y');
    CHECK(check("middle", {middle, text(1)}) <= 131072);
    CHECK(check("pieces", std::vector<Bytes>(1000, zeros(1000))) == 0);
    CHECK(check("short runs", {text(1), zeros(4095), text(1), zeros(1), text(3), zeros(4096), text(1)}) > 0);
    Bytes mixed;
    for (std::size_t i = 0; i < 50'000; ++i) {
        mixed.push_back(static_cast<std::uint8_t>(i % 7 == 0 ? i : 0));
    }
    CHECK(check("mixed", {mixed, mixed}) > 0);
}

TEST_CASE("file: attributes are another file's, and nobody reads along before") {
    const TemporaryFolder folder;
    write_file(folder / "from", kOld);
    REQUIRE(::chmod((folder / "from").c_str(), 0640) == 0);
    const std::array<struct timespec, 2> times{{{1'000'000, 5}, {2'000'000, 7}}};
    REQUIRE(::utimensat(AT_FDCWD, (folder / "from").c_str(), times.data(), 0) == 0);
    OutputFile file(folder / "to", {.attributes = status_of(folder / "from")});
    file.write(kNew);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        if (entry.path() != folder / "from") {
            CHECK((status_of(entry.path())->mode & 0777) == 0600);
        }
    }
    file.commit();
    CHECK((status_of(folder / "to")->mode & 0777) == 0640);
    CHECK(status_of(folder / "to")->modified == FileTime{2'000'000, 7});
}

TEST_CASE("file: names of temporary files are known") {
    for (const char* name : {"a.tmp-1-0", "x/b.txt.tmp-4711-12", ".tmp-1-1"}) {
        CHECK(is_temporary_name(name));
    }
    for (const char* name :
         {"a", "a.tmp", "a.tmp-", "a.tmp-1", "a.tmp-1-", "a.tmp--1", "a.tmp-1-x", "a.tmp-1-2.txt"}) {
        CHECK_FALSE(is_temporary_name(name));
    }
}

TEST_CASE("file: an input is known under every name, until it is gone") {
    const TemporaryFolder folder;
    write_file(folder / "data", kOld);
    write_file(folder / "other", kOld);
    std::filesystem::create_symlink("data", folder / "soft");
    std::filesystem::create_hard_link(folder / "data", folder / "hard");
    InputFiles inputs;
    inputs.add(folder / "data");
    inputs.add(folder / "missing");
    for (const char* name : {"data", "soft", "hard"}) {
        CHECK(inputs.contains(folder / name));
        CHECK(holds(message_of<Error>([&] { inputs.require_not(folder / name); }), "one of the inputs"));
    }
    CHECK_FALSE(inputs.contains(folder / "other"));
    CHECK_FALSE(inputs.contains(folder / "missing"));
    std::filesystem::remove(folder / "data");
    CHECK_FALSE(inputs.contains(folder / "hard"));  // its number may be another file's by now
}

TEST_CASE("file: a mapped file that is written to is noticed, one that is replaced is not disturbed") {
    const TemporaryFolder folder;
    const auto path = folder / "data";
    write_file(path, kOld);
    const std::array<struct timespec, 2> long_ago{{{1'000'000, 0}, {1'000'000, 0}}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), long_ago.data(), 0) == 0);
    const MappedFile mapped(path);
    CHECK_FALSE(mapped.has_changed());
    CHECK_FALSE(mapped.may_have_changed());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // a tick of the file system's clock
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    CHECK_FALSE(mapped.has_changed());
    CHECK(mapped.may_have_changed());
    std::ofstream(path, std::ios::in | std::ios::out) << "OLD";
    CHECK(mapped.has_changed());
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), long_ago.data(), 0) == 0);
    CHECK_FALSE(mapped.has_changed());
    CHECK(mapped.may_have_changed());
    const MappedFile second(path);
    write_file(path, kNew);
    CHECK_FALSE(second.has_changed());
    CHECK_FALSE(second.may_have_changed());
    const MappedFile third(path);
    std::ofstream(path, std::ios::app) << "more";
    CHECK(third.has_changed());
}

TEST_CASE("file: files of the system that have no size are refused, not taken for empty ones") {
    CHECK(holds(message_of<Error>([] { MappedFile{"/proc/self/status"}; }), "which has no size"));
    CHECK(holds(message_of<Error>([] { (void)read_file("/proc/self/status", kMost); }), "which has no size"));
    if (std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled")) {
        CHECK(holds(message_of<Error>([] { MappedFile{"/sys/kernel/mm/transparent_hugepage/enabled"}; }),
                    "copy its content"));
    }
}

TEST_CASE("file: a growing file begins anew and grows by whole pieces") {
    const TemporaryFolder folder;
    write_file(folder / "precious", kOld);
    std::filesystem::create_symlink("precious", folder / "log");
    GrowingFile file(folder / "log", "a\n");
    file.add("b\n");
    file.add("");
    CHECK(read_file(folder / "log", kMost) == Bytes{'a', '\n', 'b', '\n'});
    CHECK(read_file(folder / "precious", kMost) == kOld);
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
