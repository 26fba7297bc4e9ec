"""What is asked of Linear: GraphQL documents, with an issue's fields the same everywhere."""

from __future__ import annotations

ISSUE = "id identifier url title description priority archivedAt trashed team{id} state{id type}"
READ = f"query($id:String!){{issue(id:$id){{{ISSUE}}}}}"
ARCHIVED = f"query($f:IssueFilter){{issues(filter:$f,includeArchived:true,first:1){{nodes{{{ISSUE}}}}}}}"
CREATE = f"mutation($i:IssueCreateInput!){{issueCreate(input:$i){{success issue{{{ISSUE}}}}}}}"
UPDATE = (
    f"mutation($id:String!,$i:IssueUpdateInput!){{issueUpdate(id:$id,input:$i){{success issue{{{ISSUE}}}}}}}"
)
LABELS = "query($f:IssueLabelFilter){issueLabels(filter:$f,first:250){nodes{id name team{id}}}}"
LABEL = "mutation($i:IssueLabelCreateInput!){issueLabelCreate(input:$i){success issueLabel{id}}}"
TEAM = "query($id:String!){team(id:$id){id}}"
STATES = "query($id:String!){issue(id:$id){team{states(first:250){nodes{id type position}}}}}"
COMMENT = "mutation($i:CommentCreateInput!){commentCreate(input:$i){success comment{id}}}"
RELATE = "mutation($i:IssueRelationCreateInput!){issueRelationCreate(input:$i){success issueRelation{id}}}"

OF = "query($f:IssueFilter){issues(filter:$f,includeArchived:true,first:1){nodes{%s}}}"
LINKS = OF % "attachments(first:250){nodes{id url subtitle}}"
NEEDS = OF % "needs(first:250){nodes{id customer{externalIds}}}"
SAID = "query($id:String!){comment(id:$id){id body}}"
SAY = "mutation($id:String!,$i:CommentUpdateInput!){commentUpdate(id:$id,input:$i){success}}"
DETACH = "mutation($id:String!){attachmentDelete(id:$id){success}}"
UNNEED = "mutation($id:String!){customerNeedDelete(id:$id){success}}"
