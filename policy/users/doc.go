// Package users is the vocabulary of the people who may sign in: users, roles and what each may see and do, passwords, and the tokens by
// which programs act in a user's name. Like policy it holds types and pure functions: hashing, sessions and storage are elsewhere.
package users
