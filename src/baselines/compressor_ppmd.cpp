#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "bitlaw/base/error.hpp"
#include "bitlaw/baselines/program.hpp"
#include "compressors.hpp"

namespace bitlaw::baselines {

namespace {

constexpr const char* kPpmd = "-m0=PPMd:o=8:mem=256m";

// Whether a program of that name stands in a folder of PATH.
bool has_program(const std::string& name) {
    const char* const path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((std::filesystem::path(folder) / name).c_str(), X_OK) == 0) {
            return true;
        }
    }
    return false;
}

// All texts as files of one archive in which each is packed by itself: one start of the program for
// thousands.
std::vector<std::uint64_t> ppmd_sizes(const std::vector<Bytes>& texts) {
    const ScratchFolder folder;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        std::ofstream file(folder.path() / std::to_string(i), std::ios::binary);
        file.write(reinterpret_cast<const char*>(texts[i].data()),
                   static_cast<std::streamsize>(texts[i].size()));
    }
    const std::string command = text_of("cd ", shell_word(folder.path().string()), " && 7z a -t7z ", kPpmd,
                                        " -ms=off -mtm=off -bd -y all.7z '*' >&2 && "
                                        "7z l -slt all.7z >listing");
    if (const ProgramRun done = run_program(command, [] {}); done.exit_code != 0) {
        fail("'", command, "' ended with exit code ", done.exit_code, "; is there room for temporary files?");
    }
    std::vector<std::uint64_t> sizes(texts.size());
    std::ifstream listing(folder.path() / "listing");
    std::size_t named = 0;
    std::size_t sized = 0;
    constexpr std::string_view kPath = "Path = ";
    constexpr std::string_view kSize = "Packed Size = ";
    for (std::string line; std::getline(listing, line);) {
        if (line.starts_with(kPath) && std::isdigit(static_cast<unsigned char>(line[kPath.size()])) != 0) {
            named = std::stoul(line.substr(kPath.size()));
        } else if (line.starts_with(kSize) && named < sizes.size()) {
            sizes[named] = std::stoull(line.substr(kSize.size()));
            ++sized;
        }
    }
    if (sized != texts.size()) {
        fail("7z listed ", sized, " of ", texts.size(), " files; another version of it may be needed");
    }
    return sizes;
}

}  // namespace

// PPM with information inheritance (Shkarin 2002), by Debian's 7z as a program: order 8 and 256 MiB,
// which 32 MB of text do not fill (1 GiB gives the same size). Times are left out of the archive, so that its
// size is the bytes' alone.
Compressor ppmd_compressor() {
    Compressor ppmd = external_compressor(
        "ppmd",
        text_of("7z a -t7z ", kPpmd, " -mtm=off -bd -y {out}.7z {in} >/dev/null && mv {out}.7z {out}"),
        "7z x -so -bd {in} >{out} 2>/dev/null");
    ppmd.name = "7z PPMd -o8";
    ppmd.sizes = ppmd_sizes;
    if (!has_program("7z")) {
        ppmd.missing = "7z is not installed: apt-get install p7zip-full";
    }
    return ppmd;
}

}  // namespace bitlaw::baselines
