#include "completion.hpp"

#include <algorithm>

#include "bitlaw/base/error.hpp"
#include "bitlaw/coding/archive.hpp"
#include "help.hpp"

namespace bitlaw::cli {

namespace {

std::string joined(const std::vector<std::string>& words, const char* between) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : between) + word;
    }
    return text;
}

// `text` with a backslash before each of these characters.
std::string escaped(const std::string& text, const std::string& characters) {
    std::string result;
    for (const char c : text) {
        result += characters.find(c) == std::string::npos ? "" : "\\";
        result += c;
    }
    return result;
}

// Inside single quotes of a POSIX shell.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return result + "'";
}

bool is_folder(const CompletedOption& option) { return option.type == "DIR"; }

// Whether a file's name can stand there.
bool is_file(const CompletedOption& option) {
    const std::vector<std::string> types{"FILE",   "MODEL",       "OUT",     "DIR",    "PREFIX",
                                         "CONFIG", "FILE|PRESET", "ARCHIVE", "SUBJECT"};
    return std::find(types.begin(), types.end(), option.type) != types.end();
}

bool reads_archives(const std::string& command) {
    return command == "decompress" || command == "test" || command == "list" || command == "recover";
}

// ---- bash

std::string bash_case(const std::string& command) {
    std::vector<std::string> names;
    std::string values;
    std::vector<std::string> first;  // what the command's first word can be
    for (const CompletedOption& option : options_of(command)) {
        if (option.names.empty()) {
            if (first.empty()) {
                first = option.choices;
            }
            continue;
        }
        names.insert(names.end(), option.names.begin(), option.names.end());
        const std::string pattern = joined(option.names, "|");
        if (!option.choices.empty()) {
            values += "                " + pattern + ") words='" + joined(option.choices, " ") + "' ;;\n";
        } else if (is_folder(option)) {
            values += "                " + pattern + ") files=folders ;;\n";
        } else if (!option.type.empty()) {
            values +=
                "                " + pattern + ") files=" + (is_file(option) ? "all" : "none") + " ;;\n";
        }
    }
    return "        " + command + ")\n            options='" + joined(names, " ") + "' first='" +
           joined(first, " ") + "'" + (reads_archives(command) ? " files=archives" : "") +
           "\n            case $previous in\n" + values + "            esac ;;\n";
}

std::string bash_script() {
    std::string cases;
    for (const std::string& command : command_names()) {
        cases += bash_case(command);
    }
    return text_of(
        R"(# bash completion for bitlaw, made by "bitlaw completion bash".
_bitlaw() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
    local commands=')",
        joined(command_names(), " "), R"('
    local options='' first='' words='' files=all suffix=)",
        coding::kArchiveSuffix, R"(
    COMPREPLY=()
    # "--mix=fa" comes as three words.
    if [[ $current == = ]]; then
        current=''
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    fi
    if ((COMP_CWORD == 1)) && [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands completion help" -- "$current")
        return
    fi
    if [[ $command == completion ]]; then
        ((COMP_CWORD > 2)) || mapfile -t COMPREPLY < <(compgen -W "bash zsh fish" -- "$current")
        return
    fi
    if [[ $command == help ]]; then
        ((COMP_CWORD > 2)) || mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
        return
    fi
    # "bitlaw -d FILE" is "bitlaw compress -d FILE".
    [[ $command != -* ]] || command=compress
    case $command in
)",
        cases, R"(    esac
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    elif [[ -n $first ]] && ((COMP_CWORD == 2)); then
        mapfile -t COMPREPLY < <(compgen -W "$first" -- "$current")
    else
        compopt -o filenames 2>/dev/null
        case $files in
            all) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
            folders) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
            archives) mapfile -t COMPREPLY < <(compgen -f -X "!*$suffix" -- "$current"; compgen -d -- "$current") ;;
        esac
    fi
}
complete -F _bitlaw bitlaw
)");
}

// ---- zsh

std::string zsh_action(const CompletedOption& option, const std::string& command) {
    if (!option.choices.empty()) {
        return "(" + joined(option.choices, " ") + ")";
    }
    if (is_folder(option)) {
        return "_files -/";
    }
    const bool archives = option.names.empty() && reads_archives(command);
    return !is_file(option) ? " "
           : archives       ? text_of("_files -g \"*", coding::kArchiveSuffix, "\"")
                            : "_files";
}

std::string zsh_case(const std::string& command) {
    std::string text = text_of("        (", command, ")\n            _arguments -s -S");
    for (const CompletedOption& option : options_of(command)) {
        const std::string help = "[" + escaped(option.help, "[]\\:") + "]";
        const std::string message = escaped(option.type, ":");
        const std::string action = zsh_action(option, command);
        const std::string line = " \\\n                ";
        if (option.names.empty()) {
            const std::string place = option.repeats ? "*:" : ":";
            text += line + quoted(place + message + ":" + action);
        }
        for (const std::string& name : option.names) {
            const std::string value = option.type.empty() ? "" : ":" + message + ":" + action;
            text += line + quoted("*" + name + help + value);
        }
    }
    return text + " ;;\n";
}

std::string zsh_script() {
    std::string cases;
    std::string commands;
    for (const std::string& command : command_names()) {
        cases += zsh_case(command);
        commands += "        " + quoted(command + ":" + escaped(help_of(command).line, ":")) + "\n";
    }
    return text_of(
        R"(#compdef bitlaw
# zsh completion for bitlaw, made by "bitlaw completion zsh".
_bitlaw() {
    local -a commands
    commands=(
)",
        commands,
        R"(        'completion:print the script that completes commands in a shell' 'help:show the help of a command'
    )
    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        _describe command commands
        return
    fi
    local command=$words[2]
    if [[ $command == completion ]]; then
        (( CURRENT > 3 )) || compadd bash zsh fish
        return
    fi
    if [[ $command == help ]]; then
        (( CURRENT > 3 )) || _describe command commands
        return
    fi
    if [[ $command == -* ]]; then
        command=compress
    else
        shift words
        (( CURRENT-- ))
    fi
    case $command in
)",
        cases, R"(        (*) _files ;;
    esac
}
if [[ $funcstack[1] == _bitlaw ]]; then
    _bitlaw "$@"
else
    compdef _bitlaw bitlaw
fi
)");
}

// ---- fish

std::string fish_lines(const std::string& command) {
    std::string text;
    const std::string where = "complete -c bitlaw -n '__bitlaw_command " + command + "'";
    for (const CompletedOption& option : options_of(command)) {
        if (option.names.empty()) {
            if (!option.choices.empty()) {
                text += "complete -c bitlaw -f -n '__bitlaw_words 2; and __bitlaw_command " + command +
                        "' -a " + quoted(joined(option.choices, " ")) + "\n";
            }
            continue;
        }
        text += where;
        for (const std::string& name : option.names) {
            text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        if (!option.choices.empty()) {
            text += " -x -a " + quoted(joined(option.choices, " "));
        } else if (is_folder(option)) {
            text += " -x -a '(__fish_complete_directories)'";
        } else if (!option.type.empty()) {
            text += is_file(option) ? " -r -F" : " -x";
        }
        text += " -d '" + escaped(option.help, "'\\") + "'\n";
    }
    return text;
}

std::string fish_script() {
    std::string text = R"(# fish completion for bitlaw, made by "bitlaw completion fish".
function __bitlaw_command
    set -l words (commandline -opc)
    if not set -q words[2]
        return 1
    end
    # "bitlaw -d FILE" is "bitlaw compress -d FILE".
    if string match -q -- '-*' $words[2]
        test $argv[1] = compress
    else
        test $argv[1] = $words[2]
    end
end
function __bitlaw_words
    test (count (commandline -opc)) -eq $argv[1]
end
)";
    for (const std::string& command : command_names()) {
        const std::string line = escaped(help_of(command).line, "'\\");
        text += "complete -c bitlaw -f -n '__bitlaw_words 1' -a " + command + " -d '" + line + "'\n";
        text += "complete -c bitlaw -f -n '__bitlaw_command help' -a " + command + " -d '" + line + "'\n";
    }
    text += "complete -c bitlaw -f -n '__bitlaw_words 1' -a help -d 'show the help of a command'\n";
    text +=
        "complete -c bitlaw -f -n '__bitlaw_words 1' -a completion -d 'print the script that completes "
        "commands in a shell'\n";
    text +=
        "complete -c bitlaw -f -n '__bitlaw_words 2; and __bitlaw_command completion' -a 'bash zsh fish'\n";
    for (const std::string& command : command_names()) {
        text += fish_lines(command);
    }
    return text;
}

}  // namespace

std::string completion_script(const std::string& shell) {
    if (shell == "bash") {
        return bash_script();
    }
    if (shell == "zsh") {
        return zsh_script();
    }
    if (shell == "fish") {
        return fish_script();
    }
    fail_usage("completion: '", shell, "' is not known; choose bash, zsh or fish");
}

}  // namespace bitlaw::cli
