"""Lab 11: a reverse proxy, plain and hardened. The lab's commands, a module for each topic.

- `stack`: the application, and nginx in front of it in three configurations; what the collectors share
- `setup`: task 1, the configurations as they ran, and what a client can reach
- `tls`: protocol versions, cipher suites, the certificate's key exchange; testssl.sh
- `headers`: security headers on every kind of response
- `limits`: task 2, logins sent and refused
- `timeouts`: task 2, clients that are too slow
- `rotation`: task 2, a new certificate under load
- `waf`: task 3, ModSecurity with the OWASP Core Rule Set; `waf_requests` has what is sent
- `cost`: what hardening costs
- `programs/`: programs that run beside nginx; `nginx/`: its configurations
"""
