#include "tests/support/fake_agent.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace rootkeep::keysocket {

FakeAgent::FakeAgent(std::string path, Answer answer, std::uint16_t version)
    : path_(std::move(path)),
      answer_(std::move(answer)),
      version_(version),
      listener_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  unlink(path_.c_str());
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_.get(), 128) != 0) {
    std::abort();
  }
  acceptor_ = std::thread([this] { Accept(); });
}

FakeAgent::~FakeAgent() {
  unlink(path_.c_str());
  shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  listener_.Reset();
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    for (const Fd& fd : fds_) shutdown(fd.get(), SHUT_RDWR);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

void FakeAgent::Accept() {
  for (;;) {
    const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++connections_;
    const MutexLock lock(mutex_);
    fds_.emplace_back(fd);
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void FakeAgent::Serve(int fd) {
  std::vector<std::uint8_t> memory(kMaxRequest);
  for (;;) {
    const ssize_t size = recv(fd, memory.data(), memory.size(), 0);
    Request request;
    if (size <= 0 || !Decode({memory.data(), static_cast<std::size_t>(size)}, request)) break;
    std::vector<std::uint8_t> reply;
    if (std::holds_alternative<HelloCall>(request.call)) {
      reply = Octets({request.number, HelloReply{version_}});
    } else {
      ++requests_;
      reply = answer_(request);
    }
    if (reply.empty()) break;
    if (send(fd, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) break;
  }
  shutdown(fd, SHUT_RDWR);
}

std::vector<std::uint8_t> FakeAgent::Octets(const Reply& reply) {
  std::vector<std::uint8_t> memory(kMaxReply);
  memory.resize(Encode(reply, memory));
  return memory;
}

std::vector<std::uint8_t> FakeAgent::Sign(const Request& request) {
  const auto* call = std::get_if<SignCall>(&request.call);
  if (call == nullptr) return {};
  std::vector<std::uint8_t> signature(call->input.begin(), call->input.end());
  std::ranges::reverse(signature);
  return Octets({request.number, SignReply{.signature = signature, .concurrency = 3, .queued_ns = 7}});
}

}  // namespace rootkeep::keysocket
