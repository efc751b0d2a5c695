#include "engine/tokens.h"

#include "engine/token_program.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace hawser {
namespace {

constexpr std::chrono::seconds command_time{60};

class FixedToken : public TokenProvider {
public:
    explicit FixedToken(std::string token) : token_(std::move(token)) {}

    void request(bool refresh, Done done) override
    {
        if (token_.empty())
            done(Error{ErrorKind::sign_in, "auth.no_token",
                       "there is no token; set HAWSER_TOKEN or give a token command"});
        else if (refresh)
            done(Error{ErrorKind::sign_in, "auth.token_refused",
                       "the organization refused the token; sign in again and give a new one"});
        else
            done(engine::checked_token(token_, "the sign-in"));
    }

    void cancel() override {}

private:
    std::string token_;
};

/// The last good token; outlives the provider when that is let go of within `done`.
class Keeper {
public:
    std::string token() const
    {
        const std::lock_guard lock(mutex_);
        return token_;
    }
    void keep(std::string token)
    {
        const std::lock_guard lock(mutex_);
        token_ = std::move(token);
    }

private:
    mutable std::mutex mutex_;
    std::string token_;
};

/// One run of the program and its one answer.
class Run {
public:
    explicit Run(TokenProvider::Done done) : done_(std::move(done)) {}

    void go(const std::vector<std::string>& argv, std::chrono::milliseconds time, Keeper& keeper)
    {
        Result<std::string> token = engine::first_line_of(argv, time, interruption_);
        if (token) token = engine::checked_token(*std::move(token), "the token command " + argv.front());
        {
            const std::lock_guard lock(mutex_);
            if (cancelled_) return;
            answering_ = std::this_thread::get_id();
        }
        if (token) keeper.keep(*token);
        done_(std::move(token));
        const std::lock_guard lock(mutex_);
        answering_ = {};
        answered_.notify_all();
    }

    /// `done` is not called after this returned. Waits for a call of another thread that is under way.
    void cancel()
    {
        std::unique_lock lock(mutex_);
        cancelled_ = true; // First: what the interruption ends must find it.
        interruption_.raise();
        answered_.wait(lock, [&] {
            return answering_ == std::thread::id{} || answering_ == std::this_thread::get_id();
        });
    }

private:
    TokenProvider::Done done_;
    engine::Interruption interruption_;
    std::mutex mutex_;
    std::condition_variable answered_;
    bool cancelled_ = false;
    std::thread::id answering_{};
};

class TokenCommand : public TokenProvider {
public:
    TokenCommand(std::vector<std::string> argv, std::chrono::milliseconds time)
        : argv_(std::move(argv)), time_(time)
    {
    }
    ~TokenCommand() override { TokenCommand::cancel(); }

    void request(bool refresh, Done done) override
    {
        if (argv_.empty()) {
            done(Error{ErrorKind::sign_in, "auth.no_token",
                       "the token command is empty; give one with hawser init --token-command"});
            return;
        }
        if (const std::string kept = keeper_->token(); !refresh && !kept.empty()) {
            done(kept);
            return;
        }
        std::unique_lock lock(mutex_);
        while (run_) { // Another thread may ask too while the one before is ended.
            lock.unlock();
            cancel();
            lock.lock();
        }
        run_ = std::make_shared<Run>(std::move(done));
        thread_ = std::thread(
            [run = run_, keeper = keeper_, argv = argv_, time = time_] { run->go(argv, time, *keeper); });
    }

    void cancel() override
    {
        std::shared_ptr<Run> run;
        std::thread thread;
        {
            const std::lock_guard lock(mutex_);
            run = std::move(run_);
            thread = std::move(thread_);
        }
        if (!run) return;
        run->cancel();
        // Within `done` the thread cannot wait for itself; all that it still needs is its own.
        if (thread.get_id() == std::this_thread::get_id())
            thread.detach();
        else
            thread.join();
    }

private:
    const std::vector<std::string> argv_;
    const std::chrono::milliseconds time_;
    const std::shared_ptr<Keeper> keeper_ = std::make_shared<Keeper>();
    std::mutex mutex_;
    std::shared_ptr<Run> run_;
    std::thread thread_;
};

} // namespace

std::shared_ptr<TokenProvider> fixed_token(std::string token)
{
    return std::make_shared<FixedToken>(std::move(token));
}

std::shared_ptr<TokenProvider> token_command(std::vector<std::string> argv)
{
    return engine::token_command(std::move(argv), command_time);
}

std::shared_ptr<TokenProvider> engine::token_command(std::vector<std::string> argv,
                                                     std::chrono::milliseconds time)
{
    return std::make_shared<TokenCommand>(std::move(argv), time);
}

} // namespace hawser
