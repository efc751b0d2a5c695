#pragma once

#include "hawser/synchronizer.h"

#include <string>
#include <vector>

namespace hawser::tests {

/// Hands out the token that the test gave last; a refresh gives the next one, when there is one.
class ScriptedTokens : public TokenProvider {
public:
    std::string token;
    std::vector<std::string> next{};
    int refreshes = 0;

    void request(bool refresh, Done done) override
    {
        if (refresh) ++refreshes;
        if (refresh && !next.empty()) {
            token = next.front();
            next.erase(next.begin());
        }
        if (refresh && token.empty())
            done(Error{ErrorKind::sign_in, "auth.no_token", "no token"});
        else
            done(token);
    }
    void cancel() override {}
};

} // namespace hawser::tests
