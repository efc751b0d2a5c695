#include "tools/hawser/command_words.h"

#include "tools/hawser/exit_code.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace hawser::cli {

Result<std::vector<std::string>> command_words(std::string_view line)
{
    std::vector<std::string> words;
    std::optional<std::string> word;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
            word = word.value_or("") + line[++i];
        } else if (quote != 0) {
            if (c == quote)
                quote = 0;
            else
                *word += c;
        } else if (c == '\'' || c == '"') {
            quote = c;
            word = word.value_or("");
        } else if (c == ' ' || c == '\t') {
            if (word) words.push_back(*std::move(word));
            word.reset();
        } else {
            word = word.value_or("") + c;
        }
    }
    if (quote != 0) return usage_error("a quote is open at the end of the command");
    if (word) words.push_back(*std::move(word));
    if (words.empty()) return usage_error("the command is empty");
    return words;
}

std::string shell_word(std::string_view word)
{
    const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("_-./:=@+,").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (plain) return std::string(word);
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

} // namespace hawser::cli
